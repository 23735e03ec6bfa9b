/**
 * `npm run soak -- defects [PLANS] [SEED] [NAME]`: plants a defect in our daemon, one after the other or one, and draws plans until one of them
 * finds it: a plan that holds by luck is no proof, and this says how much luck it takes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { draw, type Subject } from '../harness/chaos/draw.ts';
import { wrongIn } from '../harness/chaos/tally.ts';
import { roll } from '../harness/cli/roll-plan.ts';
import { chooseDaemon } from '../harness/daemon/choose.ts';
import { deviationIn } from '../harness/judge/told-whole.ts';
import { plainTable } from '../harness/report/table.ts';
import { processRuntime } from '../harness/runtime/process.ts';
import type { RuntimeNeed } from '../harness/runtime/runtime.ts';
import { DEFECTS, type Defect } from '../node/defects.ts';

const PLANS = '300';
const SEED = '1';
const JOBS = 3;

/** How the plan of a seed finds a defect. */
export interface Found {
  readonly seed: number;
  /** What broke. */
  readonly wrong: readonly string[];
}

/** Members of our daemon, as processes that share all they have with their host, so that a seed draws the same on any machine. */
export function ourSubject(): Subject {
  const { source: daemon, versions } = chooseDaemon(undefined);
  const runtime = {
    name: 'process',
    lacks: (need: RuntimeNeed) => (need === 'freeze' ? null : 'it is not drawn here'),
  } as const;
  return { daemon, versions, runtime, fixed: {}, most: { members: 5, faults: 4 } };
}

/** Roll the plan of a seed with a defect in it, or without one. @returns what broke */
export async function rollWith(subject: Subject, seed: number, defect: Defect | null): Promise<string[]> {
  const { plan } = await draw(subject, seed);
  const settings = { ...plan.daemon.settings, ...(defect === null ? {} : { defect }) };
  const runs = mkdtempSync(join(tmpdir(), 'refresh-rig-defects-'));
  try {
    const { signal } = new AbortController();
    const options = { runtime: processRuntime(), runs, signal, alone: false, isLatest: false };
    const rolled = await roll({ ...plan, daemon: { ...plan.daemon, settings } }, options);
    if (rolled.fault !== null) throw rolled.fault;
    return wrongIn({ verdict: rolled.verdict, deviation: deviationIn(plan, rolled.trace) });
  } finally {
    rmSync(runs, { recursive: true, force: true });
  }
}

/** @returns whether each was found */
export async function defects([plans = PLANS, seed = SEED, name]: readonly string[]): Promise<boolean> {
  const subject = ourSubject();
  const table = plainTable(['defect', 'found by', 'after', 'what broke']);
  let isFine = true;
  for (const defect of DEFECTS.filter((one) => name === undefined || one === name)) {
    const found = await search(subject, defect, Number(seed), Number(plans));
    if (found === null) table.push([defect, '–', `not in ${plans}`, '']);
    else table.push([defect, `seed ${found.seed}`, `${found.seed - Number(seed) + 1}`, found.wrong.join(', ')]);
    isFine &&= found !== null;
  }
  console.log(table.toString());
  return isFine;
}

/** The first seed that finds it; null where none of so many does. */
async function search(subject: Subject, defect: Defect, first: number, plans: number): Promise<Found | null> {
  let next = first;
  let found: Found | null = null;
  const work = async (): Promise<void> => {
    while (next < first + plans && (found === null || next < found.seed)) {
      const seed = next;
      next += 1;
      const wrong = await rollWith(subject, seed, defect);
      if (wrong.length === 0 || (found !== null && seed > found.seed)) continue;
      // What breaks without the defect is none of its doing.
      if ((await rollWith(subject, seed, null)).length === 0 && (found === null || seed < found.seed))
        found = { seed, wrong };
    }
  };
  await Promise.all(Array.from({ length: JOBS }, work));
  return found;
}
