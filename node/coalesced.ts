/** Work that is done over again: whoever asks for it while it is under way shares the next time with all others who do. */
export class Coalesced {
  readonly #work: () => Promise<void>;
  #underWay: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Resolves when it has been done once from its beginning on. @throws whatever the work throws */
  run(): Promise<void> {
    if (this.#next !== null) return this.#next;
    if (this.#underWay === null) return this.#begin();
    this.#next = this.#underWay
      .catch(() => undefined)
      .then(() => {
        this.#next = null;
        return this.#begin();
      });
    return this.#next;
  }

  #begin(): Promise<void> {
    this.#underWay = this.#work().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }
}
