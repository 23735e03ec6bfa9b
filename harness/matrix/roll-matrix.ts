/** The rolls of a matrix, several at once. What becomes of one does not stop the others. */
import { availableParallelism, freemem } from 'node:os';
import { nowNs } from '../../node/clock.ts';
import { EnvironmentError } from '../input/errors.ts';
import type { PossibleCell } from './cells.ts';
import type { Attempt, Judged } from './results.ts';

/** A roll that is to be. */
export interface Task {
  readonly cell: PossibleCell;
  /** Counted from 1. */
  readonly repeat: number;
}

/** Sees rolls begin and end. */
export interface Watcher {
  began(task: Task): void;
  /** `attempt` is null where the roll was cut short. */
  ended(task: Task, attempt: Attempt | null): void;
}

/** What came of one roll that was judged. */
export type Outcome = Omit<Judged, 'cell' | 'repeat' | 'durationMs' | 'alone' | 'outcome'>;

export interface MatrixOptions {
  /** Carries out the plan of a cell, and says what came of it; null where it was cut short. @throws EnvironmentError */
  readonly rollOne: (cell: PossibleCell, stop: AbortSignal) => Promise<Outcome | null>;
  /** How many rolls at once. */
  readonly jobs: number;
  /** End all rolls at the first that does not hold or comes to no verdict. */
  readonly failFast: boolean;
  readonly signal: AbortSignal;
  readonly watcher: Watcher;
}

/** A roll leaves a processor idle now and then, between its members' starts and stops. Measured, see bench/matrix.ts. */
const ROLLS_PER_PROCESSOR = 2;
/** What a member takes of memory, generously: it takes about 75 MiB. */
const MEMBER_BYTES = 128 * 2 ** 20;

/** How many rolls this machine bears at once, by its processors and its free memory. */
export function bearableJobs(mostMembers: number): number {
  const byMemory = Math.floor(freemem() / (mostMembers * MEMBER_BYTES));
  return Math.max(1, Math.min(ROLLS_PER_PROCESSOR * availableParallelism(), byMemory));
}

/** Carry out the rolls, in their order. Resolves when all have ended; those that were cut short count as not rolled. */
export async function rollMatrix(tasks: readonly Task[], options: MatrixOptions): Promise<void> {
  const { jobs, failFast, signal, watcher } = options;
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const waiting = [...tasks];
  const work = async (): Promise<void> => {
    for (let task = waiting.shift(); task !== undefined && !stop.aborted; task = waiting.shift()) {
      watcher.began(task);
      const attempt = await attemptAt(task, options, stop);
      watcher.ended(task, attempt);
      const fine = attempt === null || (attempt.outcome === 'judged' && attempt.verdict === 'holds');
      if (failFast && !fine) failed.abort(new Error('another roll did not hold'));
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, tasks.length) }, work));
}

/** Null where the roll was cut short. */
async function attemptAt({ cell, repeat }: Task, options: MatrixOptions, stop: AbortSignal): Promise<Attempt | null> {
  const alone = options.jobs === 1;
  const startNs = nowNs();
  const about = () => ({ cell: cell.id, repeat, durationMs: Math.round((nowNs() - startNs) / 1e6), alone });
  try {
    const outcome = await options.rollOne(cell, stop);
    return outcome === null ? null : { ...about(), outcome: 'judged', ...outcome };
  } catch (error) {
    if (stop.aborted) return null;
    return { ...about(), outcome: 'no-verdict', because: reasonOf(error) };
  }
}

/** A fault of ours is shown with its stack. */
function reasonOf(error: unknown): string {
  if (error instanceof EnvironmentError) return error.message;
  return `this is a fault in refresh-rig: ${error instanceof Error ? error.stack : String(error)}`;
}
