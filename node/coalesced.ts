/** Work that is done over again: whoever asks for it while it is under way shares the next time with all others who do. */
export class Coalesced<Result = void> {
  readonly #work: () => Promise<Result>;
  #underWay: Promise<Result> | null = null;
  #next: Promise<Result> | null = null;

  constructor(work: () => Promise<Result>) {
    this.#work = work;
  }

  /** Resolves, with what came of it, when it has been done once from its beginning on. @throws whatever the work throws */
  run(): Promise<Result> {
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

  #begin(): Promise<Result> {
    this.#underWay = this.#work().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }
}
