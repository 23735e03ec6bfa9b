/** The HTML report of a saved roll, put together from its folder. */
import { basename, sep } from 'node:path';
import type { Verdict } from '../judge/judge.ts';
import type { Plan } from '../plan/plan.ts';
import type { PageRoll } from '../report/page.ts';
import { readLogs } from '../store/logs.ts';
import type { Trace } from '../trace/trace.ts';

/** @param folder the roll's own, below the folder of all runs, be it in that of a matrix */
export function pageRollOf(folder: string, label: string, plan: Plan, trace: Trace, verdict: Verdict): PageRoll {
  const path = folder.split(sep);
  // As whoever rolled it would say it, and without the path of a machine.
  const below = path.includes('runs') ? path.slice(path.lastIndexOf('runs')).join('/') : `runs/${basename(folder)}`;
  const command = `npm run rig -- replay ${below}/plan.json`;
  return { label, plan, trace, verdict, logs: readLogs(folder, plan.members, trace), command };
}
