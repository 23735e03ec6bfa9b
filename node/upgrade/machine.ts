/**
 * The upgrade of one member as a state machine: state in, command out. It has no clock, no socket and no database;
 * whoever drives it (the daemon, the explorer) carries out the command and answers with an input.
 *
 *     let state = start();
 *     command(rules, state);                                         // { do: 'check', gate: 'schema' }
 *     state = advance(rules, state, { is: 'checked', outcome });     // decided to park, or passed
 *
 * Deciding to park and being parked are two states on purpose: what happens to a notice that arrives between them is
 * the difference between lossy and latched wake-ups.
 */
import type { AheadPolicy, Outcome } from './gate.ts';
import { type Gate, isFor, type NoticeKind, noticeAfter, type Strategy } from './strategy.ts';

export const WAKEUPS = ['lossy', 'latched'] as const;
/** `lossy`: a notice is dropped unless the member is parked at that moment. `latched`: an early notice is kept. */
export type Wakeups = (typeof WAKEUPS)[number];

/** All that distinguishes one kind of daemon from another. */
export interface Rules {
  readonly strategy: Strategy;
  readonly wakeups: Wakeups;
  readonly ahead: AheadPolicy;
}

/** What ended a park. */
export type WokenBy = 'notice' | 'timer';

/** The gates for which a notice has arrived early and is kept. */
export type Latched = readonly Gate[];

/** About to tell peers about the gate passed last (`announce`), then to run the transaction of `gate`. */
export interface Checking {
  readonly phase: 'checking';
  readonly gate: Gate;
  readonly announce: NoticeKind | null;
  readonly latched: Latched;
}
/** Has decided to park at `gate`, and does not wait yet. */
export interface Parking {
  readonly phase: 'parking';
  readonly gate: Gate;
  readonly latched: Latched;
}
/** Waits at `gate` for a notice or for the timer. */
export interface Parked {
  readonly phase: 'parked';
  readonly gate: Gate;
  readonly latched: Latched;
}
/** Has passed every gate; serves once `serving`, and then tells its peers. */
export interface Open {
  readonly phase: 'open';
  readonly serving: boolean;
  readonly announce: NoticeKind | null;
}
/** Gives up, for a reason that only an operator can remove. Peers are told first where it helps them to see it too. */
export interface Exiting {
  readonly phase: 'exiting';
  readonly gate: Gate;
  readonly outcome: Outcome;
  readonly announce: NoticeKind | null;
}
export type State = Checking | Parking | Parked | Open | Exiting;

export type Command =
  | { readonly do: 'notify'; readonly kind: NoticeKind }
  | { readonly do: 'check'; readonly gate: Gate }
  | { readonly do: 'park'; readonly gate: Gate }
  | { readonly do: 'wait'; readonly gate: Gate }
  | { readonly do: 'open' }
  | { readonly do: 'serve' }
  | { readonly do: 'exit'; readonly outcome: Outcome };

export type Input =
  | { readonly is: 'notified' }
  | { readonly is: 'checked'; readonly outcome: Outcome }
  | { readonly is: 'parked' }
  | { readonly is: 'opened' }
  | { readonly is: 'noticed'; readonly kind: NoticeKind }
  | { readonly is: 'timer' };

/** What became of a notice where it arrived. */
export type Disposition = 'delivered' | 'latched' | 'dropped';

/** A refreshed member, before its first gate. */
export function start(rules: Rules): Checking {
  return { phase: 'checking', gate: firstGate(rules), announce: null, latched: [] };
}

/** What the member has to do next. */
export function command(state: State): Command {
  switch (state.phase) {
    case 'checking':
      return state.announce !== null ? { do: 'notify', kind: state.announce } : { do: 'check', gate: state.gate };
    case 'parking':
      return { do: 'park', gate: state.gate };
    case 'parked':
      return { do: 'wait', gate: state.gate };
    case 'open':
      if (!state.serving) return { do: 'open' };
      return state.announce !== null ? { do: 'notify', kind: state.announce } : { do: 'serve' };
    case 'exiting':
      return state.announce !== null ? { do: 'notify', kind: state.announce } : { do: 'exit', outcome: state.outcome };
  }
}

/**
 * The state after an input.
 * @throws Error where the input does not answer the state's command: a fault of the driver, never of a user.
 */
export function advance(rules: Rules, state: State, input: Input): State {
  switch (input.is) {
    case 'noticed':
      return afterNotice(rules, state, input.kind);
    case 'checked':
      if (state.phase === 'checking' && state.announce === null) return afterCheck(rules, state, input.outcome);
      break;
    case 'parked':
      if (state.phase === 'parking') return afterPark(rules, state);
      break;
    case 'timer':
      if (state.phase === 'parked') return wake(rules, state);
      break;
    case 'opened':
      if (state.phase === 'open' && !state.serving) return { ...state, serving: true };
      break;
    case 'notified':
      if ('announce' in state && state.announce !== null) return { ...state, announce: null };
      break;
  }
  throw new Error(`the upgrade machine cannot take '${input.is}' while ${JSON.stringify(state)}`);
}

/** What becomes of a notice of this kind if it arrives in this state. */
export function dispositionOf(rules: Rules, state: State, kind: NoticeKind): Disposition {
  if (state.phase === 'open' || state.phase === 'exiting') return 'dropped';
  if (state.phase === 'parked' && isFor(rules.strategy, kind, state.gate)) return 'delivered';
  return rules.wakeups === 'latched' ? 'latched' : 'dropped';
}

function firstGate(rules: Rules): Gate {
  const gate = rules.strategy.gates[0];
  if (gate === undefined) throw new Error(`strategy ${rules.strategy.name} has no gate`);
  return gate;
}

function afterNotice(rules: Rules, state: State, kind: NoticeKind): State {
  if (state.phase === 'open' || state.phase === 'exiting') return state;
  const kept = rules.wakeups === 'latched' ? latch(rules, state.latched, kind) : state.latched;
  if (state.phase !== 'parked' || !isFor(rules.strategy, kind, state.gate)) return { ...state, latched: kept };
  return wake(rules, { ...state, latched: kept });
}

function afterCheck(rules: Rules, state: Checking, outcome: Outcome): State {
  const { gate, latched } = state;
  switch (outcome.is) {
    case 'pass': {
      const { strategy } = rules;
      const next = strategy.gates[strategy.gates.indexOf(gate) + 1];
      const announce = noticeAfter(strategy, gate);
      if (next !== undefined) return { phase: 'checking', gate: next, announce, latched };
      return { phase: 'open', serving: false, announce: strategy.notifies === 'open' ? 'both' : announce };
    }
    case 'blocked':
      return { phase: 'parking', gate, latched };
    case 'ahead': {
      // No refresh of a peer can help a build that is older than the applied schema, so it never waits for one.
      const hopeless = outcome.of.some((found) => found.member === null);
      if (rules.ahead === 'wait' && !hopeless) return { phase: 'parking', gate, latched };
      return { phase: 'exiting', gate, outcome, announce: null };
    }
    case 'forked':
      // A peer that waits for this member would wait in vain: it is told, looks again, and sees the fork itself.
      return { phase: 'exiting', gate, outcome, announce: noticeAfter(rules.strategy, gate) ?? 'both' };
    case 'unsupported':
      return { phase: 'exiting', gate, outcome, announce: null };
  }
}

function afterPark(rules: Rules, state: Parking): State {
  const parked: Parked = { phase: 'parked', gate: state.gate, latched: state.latched };
  return state.latched.includes(state.gate) ? wake(rules, parked) : parked;
}

/** A woken member takes the notice it was woken by, and looks again. */
function wake(rules: Rules, state: Parked): Checking {
  const gate = rules.strategy.resumesAt === 'first-gate' ? firstGate(rules) : state.gate;
  const taken = rules.strategy.notifies === 'open' ? [] : state.latched.filter((kept) => kept !== state.gate);
  return { phase: 'checking', gate, announce: null, latched: taken };
}

/** Where any notice wakes there is one latch, and it is kept as a latch on every gate. */
function latch(rules: Rules, latched: Latched, kind: NoticeKind): Latched {
  const { strategy } = rules;
  return strategy.gates.filter((gate) => latched.includes(gate) || isFor(strategy, kind, gate));
}
