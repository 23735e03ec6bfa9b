/** One member as the check of conformance goes through its events, and the transactions that it tells of. */
import type { MemberEvent } from '../../node/events.ts';
import type { Ruling } from '../../node/upgrade/gate.ts';
import type { State } from '../../node/upgrade/machine.ts';
import type { PatchRuling } from '../../node/upgrade/patch.ts';
import type { Version } from '../../node/upgrade/version.ts';

export type Of<Name extends MemberEvent['event']> = MemberEvent & { readonly event: Name };

/** One member as the check goes through its events. */
export interface Follower {
  readonly member: string;
  readonly events: readonly MemberEvent[];
  /** How far its events have been followed. */
  at: number;
  version: Version;
  /** Null: bootstrapped or joined, and serving. */
  state: State | null;
  /** What its transactions decided, until the events that tell of them come up. */
  readonly rulings: Queue<Examined>;
  /** The peers that it knew of when it looked at a gate last. */
  peers: readonly string[];
  /** Whom it has to tell that it has taken somebody out; null where it has told them. */
  taking: readonly string[] | null;
  recorded: Of<'recorded'> | null;
  applied: Of<'applied'> | null;
  /** What it has noted of patches, and what the transactions of its patches decided. */
  readonly notes: string[];
  readonly patchRulings: Queue<PatchRuling>;
  waking: boolean;
}

/** Whether a patch was run, or found run, in a transaction of the database: one that failed has left no trace. */
export function isTransaction({ changes, outcome }: Of<'patched'>): boolean {
  return changes === 'database' && typeof outcome === 'string';
}

/** What the transaction of a gate decided, and who the member's peers were then. */
export interface Examined {
  readonly ruling: Ruling;
  readonly peers: readonly string[];
}

/** A transaction in which a member looked at a gate, ran a patch, or wrote its first row. */
export interface Transaction {
  readonly follower: Follower;
  readonly told: Of<'checked'> | Of<'patched'> | Of<'removed'> | FirstRow;
  /** The version of the incarnation in which it was made. */
  readonly version: Version;
}

/** What is taken in the order in which it came, however much that is. */
export class Queue<Item> {
  readonly #items: Item[] = [];
  #taken = 0;

  get isEmpty(): boolean {
    return this.#taken === this.#items.length;
  }

  add(item: Item): void {
    this.#items.push(item);
  }

  take(): Item | undefined {
    const item = this.#items[this.#taken];
    if (item !== undefined) this.#taken += 1;
    return item;
  }
}

/** A member's first row, which it did not come by at a gate. */
type FirstRow = Of<'recorded'> & { readonly gate: null };

export function transactionsOf(follower: Follower): Transaction[] {
  let { version } = follower;
  return follower.events.flatMap((told): Transaction[] => {
    if (told.event === 'started') version = told.version;
    const isOne =
      told.event === 'checked' ||
      told.event === 'removed' ||
      (told.event === 'recorded' && told.gate === null) ||
      (told.event === 'patched' && isTransaction(told));
    return isOne ? [{ follower, told: told as Transaction['told'], version }] : [];
  });
}
