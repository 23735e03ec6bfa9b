/** What follows from a local state, by its number. Made when first asked for: nobody knows beforehand which will be met. */
export class Table<Made extends NonNullable<unknown>> {
  readonly #make: (number: number) => Made;
  readonly #made: Array<Made | undefined> = [];

  constructor(make: (number: number) => Made) {
    this.#make = make;
  }

  of(number: number): Made {
    return this.#made[number] ?? this.#fill(number);
  }

  #fill(number: number): Made {
    const made = this.#make(number);
    // Without gaps: an array with gaps is a slow one.
    while (this.#made.length <= number) this.#made.push(undefined);
    this.#made[number] = made;
    return made;
  }
}
