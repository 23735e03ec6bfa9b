/**
 * Failpoints: places where a test can hold the member and let it go on. A member that was not started with a failpoint
 * passes it without noticing, and has no route to release it.
 */
import type { Failpoint, Tell } from './events.ts';

export class Failpoints {
  readonly #armed: ReadonlySet<Failpoint>;
  readonly #tell: Tell;
  readonly #held = new Map<Failpoint, Array<() => void>>();

  constructor(armed: readonly Failpoint[], tell: Tell) {
    this.#armed = new Set(armed);
    this.#tell = tell;
  }

  get areArmed(): boolean {
    return this.#armed.size > 0;
  }

  /** Returns at once, or where this failpoint is armed, when it has been released. */
  async pass(failpoint: Failpoint): Promise<void> {
    if (!this.#armed.has(failpoint)) return;
    await new Promise<void>((resolve) => {
      const waiting = this.#held.get(failpoint) ?? [];
      this.#held.set(failpoint, [...waiting, resolve]);
      this.#tell('held', { failpoint });
    });
  }

  /** Let go on whoever is held here longest. Returns whether anybody was. */
  release(failpoint: Failpoint): boolean {
    const [first, ...others] = this.#held.get(failpoint) ?? [];
    this.#held.set(failpoint, others);
    first?.();
    return first !== undefined;
  }
}
