import { nowMs } from '../clock.ts';

/** How much of something is had at once, and how soon there is more: whoever asks for more than that gets none. */
export class Budget {
  readonly #most: number;
  readonly #everyMs: number;
  #left: number;
  #sinceMs: number;

  /** @param most at once. @param everyMs after that time there is one more */
  constructor(most: number, everyMs: number, atMs = nowMs()) {
    this.#most = most;
    this.#everyMs = everyMs;
    this.#left = most;
    this.#sinceMs = atMs;
  }

  /** Whether there was one left, which is gone now. */
  take(atMs = nowMs()): boolean {
    const grown = Math.floor((atMs - this.#sinceMs) / this.#everyMs);
    this.#left = Math.min(this.#most, this.#left + grown);
    this.#sinceMs += grown * this.#everyMs;
    if (this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }
}
