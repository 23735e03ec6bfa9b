/** A long table within a scrolling box: its rows are made when they come near to what can be seen. */

/** Rows that are made at once. */
const CHUNK = 100;
/** The height of a row that is not made yet, in pixels: about that of one. */
const ROW_HEIGHT = 26;
/** How near is near. */
const NEAR = '400px';

export class Rows<Item> {
  readonly #table: HTMLTableElement;
  readonly #cellsOf: (item: Item) => readonly string[];
  readonly #observer: IntersectionObserver;
  /** What is not made yet. */
  readonly #waiting = new Map<Element, readonly Item[]>();

  /** @param table within the box that scrolls */
  constructor(table: HTMLTableElement, cellsOf: (item: Item) => readonly string[]) {
    this.#table = table;
    this.#cellsOf = cellsOf;
    this.#observer = new IntersectionObserver(
      (entries) => {
        for (const entry of entries) if (entry.isIntersecting) this.#make(entry.target as HTMLTableSectionElement);
      },
      { root: table.parentElement, rootMargin: NEAR },
    );
  }

  /** In place of what was shown before. */
  show(items: readonly Item[]): void {
    for (const body of [...this.#table.tBodies]) body.remove();
    this.#observer.disconnect();
    this.#waiting.clear();
    for (let first = 0; first < items.length; first += CHUNK) {
      const chunk = items.slice(first, first + CHUNK);
      const body = this.#table.createTBody();
      body.insertRow().style.height = `${chunk.length * ROW_HEIGHT}px`;
      this.#waiting.set(body, chunk);
      this.#observer.observe(body);
    }
  }

  /** All rows: paper does not scroll. */
  makeAll(): void {
    for (const body of [...this.#waiting.keys()]) this.#make(body as HTMLTableSectionElement);
  }

  #make(body: HTMLTableSectionElement): void {
    const chunk = this.#waiting.get(body);
    if (chunk === undefined) return;
    this.#waiting.delete(body);
    this.#observer.unobserve(body);
    const rows = chunk.map((item) => {
      const row = document.createElement('tr');
      for (const text of this.#cellsOf(item)) row.insertCell().textContent = text;
      return row;
    });
    body.replaceChildren(...rows);
  }
}
