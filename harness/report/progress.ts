/** The live view of a matrix: how many rolls are done, running and failing, and the time left; lines without a terminal. */
import { Listr } from 'listr2';
import { formatDuration } from '../../node/duration.ts';
import type { Attempt } from '../matrix/results.ts';
import type { Task, Watcher } from '../matrix/roll-matrix.ts';
import { stateWord } from './grid.ts';

export interface Progress {
  readonly watcher: Watcher;
  /** Resolves when the view has drawn its last line. */
  end(): Promise<void>;
}

/**
 * Watch the rolls of a matrix that is about to begin.
 * @param expectedMs how long each roll is expected to take, by the cell's id; what is not in it is guessed from the others
 */
export function watchMatrix(tasks: readonly Task[], jobs: number, expectedMs: ReadonlyMap<string, number>): Progress {
  const tally = new Tally(tasks, jobs, expectedMs);
  return process.stdout.isTTY ? statusLine(tally) : plainLines(tally);
}

/** What is known of the rolls so far. */
class Tally {
  readonly #waiting: Set<Task>;
  readonly #running = new Set<Task>();
  readonly #total: number;
  readonly #jobs: number;
  readonly #expectedMs: ReadonlyMap<string, number>;
  readonly #tookMs: number[] = [];
  #failing = 0;

  constructor(tasks: readonly Task[], jobs: number, expectedMs: ReadonlyMap<string, number>) {
    this.#waiting = new Set(tasks);
    this.#total = tasks.length;
    this.#jobs = jobs;
    this.#expectedMs = expectedMs;
  }

  began(task: Task): void {
    this.#waiting.delete(task);
    this.#running.add(task);
  }

  ended(task: Task, attempt: Attempt | null): void {
    this.#running.delete(task);
    if (attempt === null) return;
    this.#tookMs.push(attempt.durationMs);
    if (attempt.outcome !== 'judged' || attempt.verdict !== 'holds') this.#failing += 1;
  }

  get running(): string[] {
    return [...this.#running].map(({ cell }) => cell.id);
  }

  /** `12 of 90 done, 4 running, 1 failing, about 31 s left` */
  get words(): string {
    const left = this.#leftMs();
    const time = left === null ? '' : `, about ${formatDuration(left)} left`;
    return `${this.#tookMs.length} of ${this.#total} done, ${this.#running.size} running, ${this.#failing} failing${time}`;
  }

  /** Null where nothing is left, or nothing known yet of how long a roll takes. A roll that is running counts as half done. */
  #leftMs(): number | null {
    const meanMs = this.#tookMs.reduce((sum, tookMs) => sum + tookMs, 0) / this.#tookMs.length;
    const tasks = [...this.#waiting, ...this.#running];
    const lengthsMs = tasks.map(
      (task) => (this.#expectedMs.get(task.cell.id) ?? meanMs) * (this.#running.has(task) ? 0.5 : 1),
    );
    const leftMs = lengthsMs.reduce((sum, lengthMs) => sum + lengthMs, 0) / Math.min(this.#jobs, tasks.length);
    return Number.isNaN(leftMs) ? null : leftMs;
  }
}

function plainLines(tally: Tally): Progress {
  return {
    watcher: {
      began: (task) => tally.began(task),
      ended: (task, attempt) => {
        tally.ended(task, attempt);
        console.log(`${outcomeText(task, attempt)}; ${tally.words}`);
      },
    },
    end: async () => undefined,
  };
}

/** `holds v1-v2/123/…  1.9 s` */
function outcomeText({ cell }: Task, attempt: Attempt | null): string {
  if (attempt === null) return `cut short   ${cell.id}`;
  const word = attempt.outcome === 'no-verdict' ? 'no verdict' : stateWord(attempt.verdict);
  return `${word.padEnd(10)}  ${cell.id}  ${formatDuration(attempt.durationMs)}`;
}

/** One line that changes, with the rolls that are running below it. */
function statusLine(tally: Tally): Progress {
  const over = Promise.withResolvers<void>();
  let draw: () => void = () => undefined;
  const list = new Listr(
    [
      {
        title: tally.words,
        rendererOptions: { outputBar: Number.POSITIVE_INFINITY },
        task: async (_context, task) => {
          draw = () => {
            task.title = tally.words;
            task.output = tally.running.join('\n');
          };
          // The first rolls have begun before this was drawn.
          draw();
          await over.promise;
        },
      },
    ],
    { registerSignalListeners: false },
  );
  const drawing = list.run().catch(() => undefined);
  return {
    watcher: {
      began: (task) => {
        tally.began(task);
        draw();
      },
      ended: (task, attempt) => {
        tally.ended(task, attempt);
        draw();
      },
    },
    end: async () => {
      over.resolve();
      await drawing;
    },
  };
}
