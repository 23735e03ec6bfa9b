/** The words beside the pointer: what it points at. The caption below the lanes says the same to whoever cannot see them. */

/** How far from the pointer, in pixels. */
const DISTANCE = 14;

export class Tip {
  readonly #box: HTMLElement;

  constructor() {
    this.#box = document.createElement('div');
    this.#box.className = 'tip';
    this.#box.hidden = true;
    this.#box.setAttribute('aria-hidden', 'true');
    document.body.append(this.#box);
  }

  /** At a place of the window, and within it. */
  show(text: string, x: number, y: number): void {
    this.#box.textContent = text;
    this.#box.hidden = false;
    const { width, height } = this.#box.getBoundingClientRect();
    const { clientWidth, clientHeight } = document.documentElement;
    const left = Math.max(0, Math.min(x + DISTANCE, clientWidth - width));
    const isRoomBelow = y + DISTANCE + height <= clientHeight;
    this.#box.style.left = `${left}px`;
    this.#box.style.top = `${isRoomBelow ? y + DISTANCE : Math.max(0, y - DISTANCE - height)}px`;
  }

  hide(): void {
    this.#box.hidden = true;
  }
}
