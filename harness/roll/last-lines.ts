/** The last lines that each member printed, to be quoted of one that did something wrong. */

/** How many are kept of each. */
const KEPT = 5;
const LONGEST = 300;

export class LastLines {
  readonly #lines = new Map<string, string[]>();

  add(member: string, line: string): void {
    const lines = this.#lines.get(member) ?? [];
    lines.push(line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line);
    this.#lines.set(member, lines.slice(-KEPT));
  }

  /** Another process of it begins. */
  forget(member: string): void {
    this.#lines.delete(member);
  }

  /** What a member printed last, as the end of a sentence. */
  of(member: string): string {
    const lines = this.#lines.get(member) ?? [];
    return lines.length === 0 ? 'it printed nothing' : `its last lines: ${lines.join(' | ')}`;
  }
}
