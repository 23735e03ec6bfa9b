/** How a matrix carries out one of its rolls. */
import { relative } from 'node:path';
import type { MatrixOptions } from '../matrix/roll-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { rigEvents } from '../trace/trace.ts';
import { roll } from './roll-plan.ts';

export interface CellOptions {
  readonly runtime: Runtime;
  /** The folder of the matrix, and that in which its rolls leave theirs. */
  readonly folder: string;
  readonly rolls: string;
  /** Whether each roll has the machine to itself. */
  readonly alone: boolean;
  /** Kills all members at once. */
  readonly hurry: AbortSignal;
}

export function cellRoller({ runtime, folder, rolls, alone, hurry }: CellOptions): MatrixOptions['rollOne'] {
  return async (plan, signal) => {
    const rolled = await roll(plan, { runtime, runs: rolls, signal, hurry, alone, isLatest: false });
    if (rigEvents(rolled.trace, 'ended')[0]?.how === 'interrupted') return null;
    if (rolled.fault !== null) throw rolled.fault;
    const { outcome, sentence, checks } = rolled.verdict;
    const failing = checks
      .filter((check) => check.outcome === 'broken' || check.leavesOpen)
      .map(({ name, because }) => ({ name, because }));
    return { verdict: outcome, sentence, failing, folder: relative(folder, rolled.folder) };
  };
}
