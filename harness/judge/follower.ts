/** One member as the check of conformance goes through its events, and the transactions that it tells of. */
import type { MemberEvent } from '../../node/events.ts';
import type { Ruling } from '../../node/upgrade/gate.ts';
import { advance, command, type Input, type Rules, type State } from '../../node/upgrade/machine.ts';
import type { PatchRuling } from '../../node/upgrade/patch.ts';
import type { Row, Version } from '../../node/upgrade/version.ts';
import { Deviation } from './deviation.ts';

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
  /** Whom it knew of when it looked at a gate last, and itself. */
  known: readonly Row[];
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

/** What the transaction of a gate decided, and who was of the cluster then. */
export interface Examined {
  readonly ruling: Ruling;
  readonly rows: readonly Row[];
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

/** One that has told nothing yet. @param version that with which all members begin */
export function followerOf(member: string, events: readonly MemberEvent[], version: Version): Follower {
  return {
    ...{ member, events, version, at: 0, state: null, recorded: null, applied: null, notes: [], known: [] },
    ...{ taking: null, waking: false, rulings: new Queue<Examined>(), patchRulings: new Queue<PatchRuling>() },
  };
}

/** What a member tells of must be what its machine has it do. @throws Deviation */
export function expectCommand({ member, state }: Follower, wanted: string, gate: string | null): void {
  const todo = state === null ? null : command(state);
  const isWanted = todo?.do === wanted && (gate === null || !('gate' in todo) || todo.gate === gate);
  if (!isWanted)
    throw new Deviation(
      `${member} tells of '${wanted}'${gate === null ? '' : ` at the ${gate} gate`}, and had to '${todo?.do ?? 'serve'}'`,
    );
}

/** Have its machine take what a member tells of. @throws Deviation; Error where the machine cannot take it */
export function follow(rules: Rules, follower: Follower, input: Input): void {
  if (follower.state === null) throw new Deviation(`${follower.member} was not refreshed, and tells of '${input.is}'`);
  if (follower.waking && input.is !== 'noticed')
    throw new Deviation(`${follower.member} was woken by a notice, and does not tell of it`);
  follower.state = advance(rules, follower.state, input);
}
