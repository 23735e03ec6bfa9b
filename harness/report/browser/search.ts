/** Searching what happened and what members logged, in all rolls of a page. */

export interface Hit {
  readonly ms: number;
  readonly says: string;
  /** Show it. */
  readonly go: () => void;
}

export class Search {
  readonly #input: HTMLInputElement;
  readonly #output: HTMLOutputElement;
  readonly #find: (text: string) => readonly Hit[];
  #hits: readonly Hit[] = [];
  #at = -1;

  /** @param find everything that holds a text, in the order of time; the text is in lower case */
  constructor(form: HTMLFormElement, find: (text: string) => readonly Hit[]) {
    this.#input = form.querySelector('input')!;
    this.#output = form.querySelector('output')!;
    this.#find = find;
    form.addEventListener('submit', (event) => event.preventDefault());
    this.#input.addEventListener('input', () => this.#search());
    this.#input.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') {
        event.preventDefault();
        this.#go(event.shiftKey ? -1 : 1);
      }
    });
  }

  focus(): void {
    this.#input.focus();
    this.#input.select();
  }

  #search(): void {
    const text = this.#input.value.trim().toLowerCase();
    this.#hits = text === '' ? [] : this.#find(text);
    this.#at = -1;
    this.#output.textContent = text === '' ? '' : `${this.#hits.length} found`;
  }

  /** To the next, and from the last to the first. */
  #go(by: 1 | -1): void {
    const count = this.#hits.length;
    if (count === 0) return;
    this.#at = this.#at === -1 && by === -1 ? count - 1 : (this.#at + by + count) % count;
    this.#hits[this.#at]!.go();
    this.#output.textContent = `${this.#at + 1} of ${count}`;
  }
}
