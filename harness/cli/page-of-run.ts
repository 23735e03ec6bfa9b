/** The HTML report of a saved roll, put together from its folder. */
import { dirname, join } from 'node:path';
import type { Verdict } from '../judge/judge.ts';
import type { Plan } from '../plan/plan.ts';
import type { PageRoll } from '../report/page.ts';
import { readLogs } from '../store/logs.ts';
import { holdsMatrix } from '../store/matrix-folder.ts';
import type { Trace } from '../trace/trace.ts';
import { againLine } from './again.ts';

/**
 * @param folder the roll's own, below the folder of all runs, be it in that of a matrix
 * @param again the command that carries it out again, where it is known better than by its plan
 */
export function pageRollOf(
  folder: string,
  label: string,
  plan: Plan,
  trace: Trace,
  verdict: Verdict,
  again = againLine(plan, folder),
): PageRoll {
  // From rolls/NAME to the folder of the matrix.
  const isInMatrix = holdsMatrix(dirname(dirname(folder)));
  const matrix = isInMatrix ? join('..', '..', 'report.html') : null;
  return { label, plan, trace, verdict, logs: readLogs(folder, plan.members, trace), command: again, matrix };
}
