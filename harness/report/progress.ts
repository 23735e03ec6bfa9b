/** The live view of a matrix: how many rolls are done, running and failing, and the time left; lines without a terminal. */
import { createLogUpdate } from 'log-update';
import colors from 'picocolors';
import { nowNs } from '../../node/clock.ts';
import { formatDuration } from '../../node/duration.ts';
import type { Attempt } from '../matrix/results.ts';
import type { Task, Watcher } from '../matrix/roll-matrix.ts';
import { spinner } from './frame.ts';
import { stateWord } from './grid.ts';
import { cut, type Screen, screenOf, shortList } from './screen.ts';

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
  return process.stdout.isTTY ? redrawn(tally) : plainLines(tally);
}

/** What is known of the rolls so far. */
class Tally {
  readonly #waiting: Set<Task>;
  /** Each with when it began. */
  readonly #running = new Map<Task, number>();
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
    this.#running.set(task, nowNs());
  }

  ended(task: Task, attempt: Attempt | null): void {
    this.#running.delete(task);
    if (attempt === null) return;
    this.#tookMs.push(attempt.durationMs);
    if (attempt.outcome !== 'judged' || attempt.verdict !== 'holds') this.#failing += 1;
  }

  /** Each with how long it has been running. */
  get running(): string[] {
    return [...this.#running].map(([{ cell }, beganNs]) => `${cell.id}  ${((nowNs() - beganNs) / 1e9).toFixed(1)} s`);
  }

  get isFailing(): boolean {
    return this.#failing > 0;
  }

  get isDone(): boolean {
    return this.#tookMs.length === this.#total;
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
    const tasks = [...this.#waiting, ...this.#running.keys()];
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

const REDRAW_MS = 200;

/** A line about all rolls, with those that are running below it, drawn again and again in the same place. */
function redrawn(tally: Tally): Progress {
  const update = createLogUpdate(process.stdout);
  const draw = (isOver = false): void => update(matrixFrame(tally, isOver, screenOf(process.stdout)).join('\n'));
  const ticking = setInterval(() => draw(), REDRAW_MS);
  return {
    watcher: tally,
    end: async () => {
      clearInterval(ticking);
      draw(true);
      update.done();
    },
  };
}

/** The cursor's own line. */
const SPARE_ROWS = 1;

function matrixFrame(tally: Tally, isOver: boolean, screen: Screen): string[] {
  const title = `${markOf(tally, isOver)} ${tally.words}`;
  const running = tally.running.map((line) => colors.dim(`  ${line}`));
  const below = shortList(running, screen.rows - SPARE_ROWS - 1, (left) => colors.dim(`  … and ${left} more`));
  return [title, ...below].map((line) => cut(line, screen));
}

/** Done is not the same as well. */
function markOf(tally: Tally, isOver: boolean): string {
  const colour = tally.isFailing ? colors.red : isOver ? colors.green : colors.cyan;
  if (!isOver) return colour(spinner(nowNs()));
  if (!tally.isDone) return colors.yellow('■');
  return colour(tally.isFailing ? '✖' : '✔');
}
