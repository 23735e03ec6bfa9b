/** The place of a roll on the page, as the server made it: its parts by their names, and how wide it is. */

/** Narrower than this no timeline can be read. */
const NARROWEST = 280;

export class Section {
  readonly #element: HTMLElement;

  constructor(element: HTMLElement) {
    this.#element = element;
  }

  part<Kind extends HTMLElement>(name: string): Kind {
    const part = this.#element.querySelector<Kind>(`[data-part="${name}"]`);
    if (part === null) throw new Error(`the page has no part '${name}'`);
    return part;
  }

  /** What a part can be folded away with. */
  detailsOf(name: string): HTMLDetailsElement {
    return this.part(name).closest('details')!;
  }

  isOpen(name: string): boolean {
    return this.detailsOf(name).open;
  }

  /** Called when a part is unfolded. */
  onOpen(name: string, then: () => void): void {
    this.detailsOf(name).addEventListener('toggle', () => {
      if (this.isOpen(name)) then();
    });
  }

  unfold(): void {
    for (const details of this.#element.querySelectorAll('details')) details.open = true;
  }

  /** Called with the width of a part, in pixels, once the page is laid out, and whenever it changes. */
  onWidth(name: string, then: (width: number) => void): void {
    let known: number | null = null;
    new ResizeObserver((entries) => {
      const found = entries.at(-1)!.contentRect.width;
      const width = Math.max(NARROWEST, Math.floor(found));
      // Nothing is as wide as what is hidden.
      if (found === 0 || width === known) return;
      known = width;
      then(width);
    }).observe(this.part(name));
  }
}
