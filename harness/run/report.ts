/** The HTML report of a saved roll, put together from its folder. */
import { basename } from 'node:path';
import type { Verdict } from '../judge/judge.ts';
import type { Plan } from '../plan/plan.ts';
import type { PageRoll } from '../report/page.ts';
import type { Trace } from '../trace/trace.ts';
import { readLogs } from './logs.ts';

/** @param folder the roll's own, below the folder of all runs */
export function pageRollOf(folder: string, label: string, plan: Plan, trace: Trace, verdict: Verdict): PageRoll {
  const command = `npm run rig -- replay runs/${basename(folder)}/plan.json`;
  return { label, plan, trace, verdict, logs: readLogs(folder, plan.members, trace), command };
}
