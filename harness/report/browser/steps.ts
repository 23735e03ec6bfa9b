/** The list of a plan's steps beside the lanes: choosing one goes to its moment. */
import { toldShortly } from './instant.ts';
import type { Stretch } from './scale.ts';

export class StepList {
  readonly #list: HTMLElement;
  readonly #buttons: readonly HTMLButtonElement[];
  /** When each step began, in milliseconds; null where it has not. */
  #beganMs: ReadonlyArray<number | null> = [];
  #endMs = 0;

  /** @param choose called with the time of a step, and with what it says */
  constructor(list: HTMLElement, choose: (stretch: Stretch, says: string) => void) {
    this.#list = list;
    this.#buttons = [...list.querySelectorAll('button')];
    for (const [index, button] of this.#buttons.entries()) {
      button.addEventListener('click', () => this.#choose(index, choose));
    }
  }

  /** @param endMs of the last step */
  update(beganMs: ReadonlyArray<number | null>, endMs: number): void {
    this.#beganMs = beganMs;
    this.#endMs = endMs;
    for (const [index, button] of this.#buttons.entries()) {
      const ms = beganMs[index] ?? null;
      button.disabled = ms === null;
      if (ms !== null) button.dataset.time = toldShortly(ms);
    }
  }

  /** Show which step an instant belongs to. */
  mark(ms: number): void {
    const present = this.#beganMs.findLastIndex((beganMs) => beganMs !== null && beganMs <= ms);
    for (const [index, button] of this.#buttons.entries()) {
      if (index !== present) button.removeAttribute('aria-current');
      else if (!button.hasAttribute('aria-current')) {
        button.setAttribute('aria-current', 'step');
        // Within the list alone: the page stays where it is.
        const { offsetTop, offsetHeight } = button;
        const isSeen =
          offsetTop >= this.#list.scrollTop &&
          offsetTop + offsetHeight <= this.#list.scrollTop + this.#list.clientHeight;
        if (!isSeen) this.#list.scrollTop = offsetTop - this.#list.clientHeight / 2;
      }
    }
  }

  /** Choose the step after the present one, or before it. */
  go(by: 1 | -1): void {
    const present = this.#buttons.findIndex((button) => button.hasAttribute('aria-current'));
    this.#buttons[present + by]?.click();
  }

  #choose(index: number, choose: (stretch: Stretch, says: string) => void): void {
    const fromMs = this.#beganMs[index] ?? null;
    if (fromMs === null) return;
    const next = this.#beganMs.slice(index + 1).find((ms) => ms !== null) ?? this.#endMs;
    choose([fromMs, Math.max(next, fromMs)], `step ${index + 1}: ${this.#buttons[index]!.textContent}`);
  }
}
