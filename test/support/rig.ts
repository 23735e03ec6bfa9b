/** Whole rolls, as the command line makes them, for tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { plansFrom, type RollFlags } from '../../harness/cli/options.ts';
import { type Rolled, roll } from '../../harness/cli/roll-plan.ts';
import { runtimeFor } from '../../harness/cli/runtime.ts';
import type { Place } from '../../harness/daemon/contract.ts';
import { askEngine } from '../../harness/host/engine.ts';
import { paths } from '../../harness/host/paths.ts';
import { deviationOf } from '../../harness/judge/conform.ts';
import type { Plan, RuntimeName } from '../../harness/plan/plan.ts';
import { lackOfNamespaces } from '../../harness/runtime/namespaces/tools.ts';

/** Skips the test where members cannot live so; in CI that is a failure. */
export async function requireRuntime(test: Context, runtime: Place): Promise<void> {
  if (runtime === 'process') return;
  if (runtime === 'namespaces') {
    const lack = await lackOfNamespaces();
    if (lack === null) return;
    if (process.env.CI === 'true') throw new Error(`CI must have namespaces: ${lack}`);
    test.skip();
  }
  const engine = await askEngine();
  if (engine.answers) return;
  if (process.env.CI === 'true') throw new Error(`CI must have a Docker engine: ${engine.because}`);
  test.skip();
}

/** Rolls every plan of a scenario, a few at a time. Each must be one that the machine allows, step by step. */
export async function rollAll(
  fixture: string | undefined,
  flags: RollFlags & { runtime: RuntimeName },
  jobs = 1,
): Promise<Rolled[]> {
  const plans = plansFrom(fixture === undefined ? undefined : join(paths.fixtures, `${fixture}.yaml`), flags);
  const { runtime } = await runtimeFor(plans[0]!);
  const runs = mkdtempSync(join(tmpdir(), 'rig-test-runs-'));
  const waiting = plans.map((plan, index) => ({ plan, index }));
  const rolled: Rolled[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      rolled[next.index] = await roll(next.plan, { runtime, runs, signal: new AbortController().signal });
    }
  };
  try {
    await Promise.all(Array.from({ length: jobs }, work));
  } finally {
    rmSync(runs, { recursive: true });
  }
  for (const { plan, trace } of rolled) {
    const deviation = deviationOf(plan, trace);
    if (deviation !== null) throw new Error(`${plan.name} does not conform: ${deviation}`);
  }
  return rolled;
}

/** Rolls one plan on processes. */
export async function rollOne(plan: Plan): Promise<Rolled> {
  const runs = mkdtempSync(join(tmpdir(), 'rig-test-runs-'));
  try {
    const { runtime } = await runtimeFor({ ...plan, runtime: 'process' });
    return await roll(plan, { runtime, runs, signal: new AbortController().signal });
  } finally {
    rmSync(runs, { recursive: true });
  }
}

/** What a failing roll has to say for itself. */
export function account({ plan, verdict }: Rolled): string {
  const checks = verdict.checks
    .filter((check) => check.outcome === 'broken')
    .map((check) => `${check.name}: ${check.because}`);
  return [`${plan.name}, order ${plan.order.join(', ')}: ${verdict.sentence}`, ...checks].join('\n');
}
