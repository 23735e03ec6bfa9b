/**
 * The local state of a member: all that a world holds beside the applied schema belongs to one member: where it stands, its
 * row, and the notices on their way to it. Names do not matter to any step, so a local state holds none.
 */
import type { State } from '../../node/upgrade/machine.ts';
import type { NoticeKind } from '../../node/upgrade/strategy.ts';
import type { Row, Version } from '../../node/upgrade/version.ts';
import type { Model } from './protocol.ts';

export const KINDS = ['schema', 'api', 'both'] as const satisfies readonly NoticeKind[];

/** How many notices are on their way to a member, by kind. */
export type Inbox = readonly [schema: number, api: number, both: number];

/** A member without its name. */
export interface Local {
  /** Null: it serves the version of before the roll. */
  readonly state: State | null;
  readonly version: Version;
  readonly row: Omit<Row, 'member'>;
  readonly inbox: Inbox;
  /** Whether a timer may end its park: only in the search for what timers rescue. */
  readonly due: boolean;
  /** Whether it may crash yet. */
  readonly mortal: boolean;
}

const MOST_NOTICES = 250;

/** An inbox with more, or fewer, notices of a kind. */
export function changed(inbox: Inbox, kind: number, by: number): Inbox {
  const counts: [number, number, number] = [...inbox];
  counts[kind]! += by;
  if (counts[kind]! < 0 || counts[kind]! > MOST_NOTICES) throw new Error('notices on their way are miscounted');
  return counts;
}

/**
 * Without the notices and latches that no further step can be changed by. Sound only for a member that cannot crash any
 * more, as a crashed one starts again and reads what was on its way to it:
 * - A member that is open or exiting stays so, and drops whatever arrives: what is on its way to it does not matter.
 * - A member that goes on where it parked never comes back to a gate that it has passed: a latch on such a gate is never
 *   read, and a notice for such gates only could at most set such a latch.
 */
export function withoutIdle(model: Model, local: Local): Local {
  const { state } = local;
  if (state === null) return local;
  if (state.phase === 'open' || state.phase === 'exiting') return { ...local, inbox: [0, 0, 0] };
  const { strategy } = model.rules;
  if (strategy.resumesAt !== 'parked-gate' || strategy.notifies !== 'each-gate') return local;
  const ahead = strategy.gates.slice(strategy.gates.indexOf(state.gate));
  const latched = state.latched.filter((gate) => ahead.includes(gate));
  const [schema, api, both] = local.inbox;
  const isAhead = (kind: NoticeKind): boolean => ahead.some((gate) => gate === kind);
  return {
    ...local,
    state: { ...state, latched },
    inbox: [isAhead('schema') ? schema : 0, isAhead('api') ? api : 0, both],
  };
}

/** The same for two states of the machine if, and only if, no step can tell them apart. */
export function stateKeyOf(state: State | null): string {
  // Outcomes name members, and only their kind has a consequence.
  return JSON.stringify(state?.phase === 'exiting' ? { ...state, outcome: state.outcome.is } : state);
}
