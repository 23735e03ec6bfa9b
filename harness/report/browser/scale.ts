/** The stretch of time that the charts of a page show in detail: one for all of them, so that rolls can be compared. */

/** Milliseconds since the first refresh. */
export type Stretch = readonly [fromMs: number, toMs: number];

export function isWithin(ms: number, [fromMs, toMs]: Stretch): boolean {
  return ms >= fromMs && ms <= toMs;
}

/** Closer than this nothing can be told apart: the clocks of events are good to some microseconds. */
const CLOSEST_MS = 0.05;

export class Scale {
  #whole: Stretch;
  #stretch: Stretch;
  readonly #listeners = new Set<(stretch: Stretch) => void>();

  constructor(whole: Stretch, stretch: Stretch) {
    this.#whole = whole;
    this.#stretch = stretch;
  }

  get whole(): Stretch {
    return this.#whole;
  }

  get stretch(): Stretch {
    return this.#stretch;
  }

  /** Called whenever the stretch changes. */
  observe(listener: (stretch: Stretch) => void): void {
    this.#listeners.add(listener);
  }

  /** Show a stretch, or as much of it as there is. */
  show(stretch: Stretch): void {
    this.#stretch = this.#within(stretch);
    for (const listener of this.#listeners) listener(this.#stretch);
  }

  /** Magnify by a factor around an instant; less than one shows more. */
  zoom(factor: number, aroundMs = (this.#stretch[0] + this.#stretch[1]) / 2): void {
    const [fromMs, toMs] = this.#stretch;
    this.show([aroundMs - (aroundMs - fromMs) / factor, aroundMs + (toMs - aroundMs) / factor]);
  }

  /** Move by a share of what is shown: 0.5 is half of it, later. */
  pan(share: number): void {
    const [fromMs, toMs] = this.#stretch;
    const byMs = (toMs - fromMs) * share;
    this.show([fromMs + byMs, toMs + byMs]);
  }

  /** Move just so far that an instant can be seen. Returns whether it had to. */
  reveal(atMs: number): boolean {
    if (isWithin(atMs, this.#stretch)) return false;
    const [fromMs, toMs] = this.#stretch;
    this.pan((atMs - (fromMs + toMs) / 2) / (toMs - fromMs));
    return true;
  }

  /**
   * The roll goes on: there is more to show. Whoever sees all of it goes on seeing all of it. Nobody is told: there is
   * more to draw than the stretch.
   */
  extend(whole: Stretch): void {
    const seesAll = this.#stretch[0] === this.#whole[0] && this.#stretch[1] === this.#whole[1];
    this.#whole = whole;
    this.#stretch = seesAll ? whole : this.#within(this.#stretch);
  }

  #within([fromMs, toMs]: Stretch): Stretch {
    const [firstMs, lastMs] = this.#whole;
    const lengthMs = Math.min(Math.max(toMs - fromMs, CLOSEST_MS), lastMs - firstMs);
    const startMs = Math.min(Math.max(fromMs, firstMs), lastMs - lengthMs);
    return [startMs, startMs + lengthMs];
  }
}
