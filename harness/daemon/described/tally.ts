/**
 * What became of each part of a description over a roll: how often it was of use, when first, and an example. It is what
 * `daemon check` tells to a person who writes one.
 */
export interface Use {
  times: number;
  readonly firstNs: number;
  readonly member: string;
  readonly example: string;
  /** The last thing that went wrong with it; null where nothing did. */
  trouble: string | null;
}

const LONGEST_EXAMPLE = 160;

export class Tally {
  readonly #uses = new Map<string, Use>();

  /** A part was of use. */
  matched(part: string, member: string, atNs: number, example: string): void {
    const known = this.#uses.get(part);
    if (known !== undefined && known.times > 0) known.times += 1;
    else
      this.#uses.set(part, {
        times: 1,
        firstNs: atNs,
        member,
        example: example.length > LONGEST_EXAMPLE ? `${example.slice(0, LONGEST_EXAMPLE)}…` : example,
        trouble: known?.trouble ?? null,
      });
  }

  /** Something went wrong with a part. */
  failed(part: string, member: string, atNs: number, trouble: string): void {
    const known = this.#uses.get(part);
    if (known === undefined) this.#uses.set(part, { times: 0, firstNs: atNs, member, example: '', trouble });
    else known.trouble = trouble;
  }

  get(part: string): Use | null {
    return this.#uses.get(part) ?? null;
  }
}
