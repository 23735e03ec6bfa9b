/** What is done to a member is done one after the other: nobody is killed, or started again, who is just being started. */
export class Turns {
  readonly #turns = new Map<string, Promise<unknown>>();

  /** @throws what the act does; whoever comes next has a turn nevertheless */
  take<Result>(member: string, act: () => Promise<Result>): Promise<Result> {
    const turn = (this.#turns.get(member) ?? Promise.resolve()).then(act);
    this.#turns.set(
      member,
      turn.catch(() => undefined),
    );
    return turn;
  }
}
