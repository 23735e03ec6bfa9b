/**
 * Failpoints: places where a test can hold the member and let it go on. A member that was not started with a failpoint
 * passes it without noticing.
 */

/** Those that an upgrade without patches comes to. */
export const GATE_FAILPOINTS = [
  'before-check',
  'before-commit',
  'after-commit',
  'after-check',
  'before-park',
  'before-notify',
  'before-open',
] as const;
/** Those of its patches. */
export const PATCH_FAILPOINTS = ['before-patch', 'in-patch', 'before-note'] as const;
/** The places where a member started with failpoints can be held. */
export const FAILPOINTS = [...GATE_FAILPOINTS, ...PATCH_FAILPOINTS, 'on-notice'] as const;
export type Failpoint = (typeof FAILPOINTS)[number];

type OnHeld = (failpoint: Failpoint, notice: string | null) => void;

interface Held {
  readonly failpoint: Failpoint;
  readonly notice: string | null;
  readonly release: () => void;
}

export class Failpoints {
  #armed: ReadonlySet<Failpoint>;
  readonly #onHeld: OnHeld;
  readonly #held: Held[] = [];

  /** @param onHeld told whenever somebody is held */
  constructor(armed: readonly Failpoint[], onHeld: OnHeld) {
    this.#armed = new Set(armed);
    this.#onHeld = onHeld;
  }

  /**
   * Returns at once, or where this failpoint is armed, when it has been released.
   * @param notice the name of the notice that is to be held, at `on-notice`
   */
  async pass(failpoint: Failpoint, notice: string | null = null): Promise<void> {
    if (!this.#armed.has(failpoint)) return;
    await new Promise<void>((release) => {
      this.#held.push({ failpoint, notice, release });
      this.#onHeld(failpoint, notice);
    });
  }

  /**
   * Let go on whoever is held here longest. Returns whether anybody was.
   * @param notice let go on this notice, and no other
   */
  release(failpoint: Failpoint, notice: string | null = null): boolean {
    const index = this.#held.findIndex(
      (held) => held.failpoint === failpoint && (notice === null || held.notice === notice),
    );
    const [held] = index < 0 ? [] : this.#held.splice(index, 1);
    held?.release();
    return held !== undefined;
  }

  /** Hold nobody any more, and let go on whoever is held. */
  disarm(): void {
    this.#armed = new Set();
    for (const { release } of this.#held.splice(0)) release();
  }
}
