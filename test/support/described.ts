/** Rolls of the test double, by its description or by one that differs from that in a thing or two. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { plansFrom, type RollFlags } from '../../harness/cli/options.ts';
import { type Rolled, roll } from '../../harness/cli/roll-plan.ts';
import { runtimeFor } from '../../harness/cli/runtime.ts';
import type { Check } from '../../harness/judge/evidence.ts';
import type { Plan } from '../../harness/plan/plan.ts';
import type { Observer } from '../../harness/trace/trace.ts';
import type { Change, Written } from './changes.ts';

const DOUBLE = fileURLToPath(new URL('double.mjs', import.meta.url));
const DESCRIPTION = fileURLToPath(new URL('double.yaml', import.meta.url));

/** Clusters that the rolls of one run of tests form, and use again. */
const CLUSTERS = mkdtempSync(join(tmpdir(), 'rig-test-clusters-'));

export function removeClusters(): void {
  rmSync(CLUSTERS, { recursive: true, force: true });
}

export interface Roll {
  readonly changes?: readonly Change[];
  readonly flags?: RollFlags;
  /** What the plan has otherwise than it was compiled. */
  readonly plan?: Partial<Plan>;
  readonly fresh?: boolean;
  /** How many rolls at once. */
  readonly jobs?: number;
  readonly observer?: Observer;
}

/** Write the description of the double, with changes. @returns its file */
export function describeDouble(folder: string, changes: readonly Change[]): string {
  const file = join(folder, 'double.yaml');
  const description = parse(readFileSync(DESCRIPTION, 'utf8')) as Written;
  for (const version of Object.values(description.versions)) version.program = ['node', DOUBLE];
  for (const change of changes) change(description);
  writeFileSync(file, stringify(description));
  return file;
}

/** Roll every plan of a description. */
export async function rollDescribed({ changes = [], flags, plan, jobs = 1, ...options }: Roll): Promise<Rolled[]> {
  const folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
  const file = describeDouble(folder, changes);
  try {
    const plans = plansFrom(undefined, { runtime: 'process', ...flags, daemon: file });
    const { runtime } = await runtimeFor(plans[0]!);
    const rolled: Rolled[] = [];
    const waiting = [...plans.entries()];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { signal } = new AbortController();
        const [index, one] = next;
        const where = { runtime, runs: join(folder, 'runs'), clusters: CLUSTERS };
        rolled[index] = await roll({ ...one, ...plan }, { ...where, signal, ...options });
      }
    };
    await Promise.all(Array.from({ length: jobs }, work));
    return rolled;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Roll a cluster of two by the one plan of a description. */
export async function rollOne(...changes: readonly Change[]): Promise<Rolled> {
  const [rolled] = await rollDescribed({ changes, flags: { members: '2' } });
  return rolled!;
}

export function checkOf({ verdict }: Rolled, name: string): Check {
  const found = verdict.checks.find((check) => check.name === name);
  if (found === undefined) throw new Error(`there is no check ${name}`);
  return found;
}

/** A verdict whole, for whoever has to find out why it was not the one that was expected. */
export function account({ plan, verdict }: Rolled): string {
  const checks = verdict.checks.map(({ name, outcome, because }) => `${outcome} ${name}: ${because}`);
  return [`order ${plan.order.join(', ')}: ${verdict.outcome}: ${verdict.sentence}`, ...checks].join('\n');
}
