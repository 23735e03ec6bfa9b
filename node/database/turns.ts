/** A queue of transactions that have one connection between them: one at a time, in the order in which they came. */
import { setTimeout as sleep } from 'node:timers/promises';
import { nowMs } from '../clock.ts';
import { UnavailableError } from './database.ts';

/** What ends a wait. */
export interface Limits {
  /** On the clock of `nowMs`; Infinity waits for ever. */
  readonly untilMs: number;
  /** Aborts when the database is closed. */
  readonly closing: AbortSignal;
}

/** Timers of Node fire at once past this length. Whoever waits for longer looks again then. */
const LONGEST_SLEEP_MS = 2_147_483_647;

const OWN_TRANSACTION = 'another transaction of this member has not come to its end yet';

export class Turns {
  readonly #trouble: () => string | null;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  /** @param trouble what is known to be in the way of whoever has the turn */
  constructor(trouble: () => string | null) {
    this.#trouble = trouble;
  }

  /**
   * Do the work when its turn has come. Whoever gives up leaves the queue, and holds up nobody behind.
   * @throws UnavailableError where it has not come in time; the signal's reason where the database is closed meanwhile
   */
  async take<Result>(work: () => Promise<Result>, limits: Limits): Promise<Result> {
    const before = this.#last;
    const mine = Promise.withResolvers<void>();
    this.#last = mine.promise;
    this.#waiting += 1;
    try {
      if (this.#waiting > 1) await this.#ends(before, limits);
      limits.closing.throwIfAborted();
      return await work();
    } finally {
      this.#waiting -= 1;
      void before.then(mine.resolve);
    }
  }

  async #ends(before: Promise<void>, { untilMs, closing }: Limits): Promise<void> {
    const waiting = new AbortController();
    const signal = AbortSignal.any([closing, waiting.signal]);
    const inTime = before.then(() => true);
    try {
      for (;;) {
        const leftMs = untilMs - nowMs();
        if (leftMs <= 0) throw new UnavailableError(this.#trouble() ?? OWN_TRANSACTION);
        const late = sleep(Math.min(leftMs, LONGEST_SLEEP_MS), false, { signal });
        if (await Promise.race([inTime, late])) return;
      }
    } catch (error) {
      closing.throwIfAborted();
      throw error;
    } finally {
      waiting.abort();
    }
  }
}
