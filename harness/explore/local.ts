/**
 * The local state of a member: all that a world holds beside the applied schema belongs to one member: where it stands, its
 * row, its notes of patches, and the notices on their way to it. Names do not matter to any step, so a local state holds none.
 */
import { isDeaf, isServing, type Open, type State } from '../../node/upgrade/machine.ts';
import { type Gate, NOTICE_KINDS, type NoticeKind, PATCH_GATE } from '../../node/upgrade/strategy.ts';
import type { Row, Version } from '../../node/upgrade/version.ts';
import type { Model } from './protocol.ts';

export const KINDS = NOTICE_KINDS;

/** How many notices are on their way to a member, by kind. */
export type Inbox = readonly number[];

export const EMPTY_INBOX: Inbox = KINDS.map(() => 0);

/** A member without its name. */
export interface Local {
  /** Null: it serves the version with which the cluster began. */
  readonly state: State | null;
  readonly version: Version;
  /** Null: it has not joined yet, or has left. */
  readonly row: Omit<Row, 'member'> | null;
  readonly inbox: Inbox;
  /** Masks of the patches in question: those that it has noted, and those that it has run. */
  readonly notes: number;
  readonly ran: number;
  /** Whether it is in the middle of a patch's transaction. */
  readonly inside: boolean;
  /** Whether a timer may end its park: only in the search for what timers rescue. */
  readonly due: boolean;
  /** Whether it may crash yet. */
  readonly mortal: boolean;
}

/** The state of a member that has joined one which was refreshed: it passed no gate, and serves. */
export const JOINED: Open = {
  ...{ phase: 'open', announce: null, latched: [], serving: true, gated: false, pending: [] },
};

/** Whether the member serves: since before the roll, or again. */
export function serves({ row, state }: Local): boolean {
  return row !== null && (state === null || isServing(state));
}

const MOST_NOTICES = 250;

/** An inbox with more, or fewer, notices of a kind. */
export function changed(inbox: Inbox, kind: number, by: number): Inbox {
  const counts = [...inbox];
  counts[kind]! += by;
  if (counts[kind]! < 0 || counts[kind]! > MOST_NOTICES) throw new Error('notices on their way are miscounted');
  return counts;
}

/**
 * Without the notices and latches that no further step can be changed by. Sound only for a member that cannot crash any more
 * and is not refreshed again, as one that starts again reads what was on its way to it:
 * - A member before which no gate lies any more drops whatever arrives: what is on its way to it does not matter.
 * - A member that goes on where it parked never comes back to a gate that it has passed: a latch on such a gate is never
 *   read, and a notice for such gates only could at most set such a latch.
 */
export function withoutIdle(model: Model, local: Local): Local {
  const { state } = local;
  if (state === null) return local;
  if (isDeaf(state)) return { ...local, inbox: EMPTY_INBOX };
  const { strategy } = model.rules;
  if (strategy.resumesAt !== 'parked-gate' || strategy.notifies !== 'each-gate') return local;
  const ahead = gatesAhead(model, state);
  const latched = state.latched.filter((gate) => ahead.includes(gate));
  const isAhead = (kind: NoticeKind): boolean => kind === 'both' || ahead.some((gate) => gate === kind);
  return {
    ...local,
    state: { ...state, latched },
    inbox: local.inbox.map((waiting, kind) => (isAhead(KINDS[kind]!) ? waiting : 0)),
  };
}

/** The gate that a member is at, and those that it has still to come to. */
function gatesAhead({ rules }: Model, state: Exclude<State, { phase: 'exiting' }>): readonly Gate[] {
  const ofPatches: readonly Gate[] = state.gated ? [PATCH_GATE] : [];
  switch (state.phase) {
    case 'open':
      return ofPatches;
    case 'patching':
      return [...rules.strategy.gates, ...ofPatches];
    default: {
      const { gate } = state;
      if (gate === PATCH_GATE) return [PATCH_GATE];
      return [...rules.strategy.gates.slice(rules.strategy.gates.indexOf(gate)), ...ofPatches];
    }
  }
}

/** The same for two states of the machine if, and only if, no step can tell them apart. */
export function stateKeyOf(state: State | null): string {
  // Outcomes name members, and only their kind has a consequence.
  return JSON.stringify(state?.phase === 'exiting' ? { ...state, outcome: state.outcome.is } : state);
}
