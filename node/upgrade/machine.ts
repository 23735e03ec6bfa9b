/**
 * The upgrade of one member as a state machine: state in, command out. It has no clock, no socket and no database;
 * whoever drives it (the daemon, the explorer) carries out the command and answers with an input.
 *
 *     let state = start(rules);
 *     command(state);                                                // { do: 'check', gate: 'schema' }
 *     state = advance(rules, state, { is: 'checked', outcome });     // decided to park, or passed
 *
 * Deciding to park and being parked are two states on purpose: what happens to a notice that arrives between them is
 * the difference between lossy and latched wake-ups. Running a patch and noting it are two, since a member may be killed
 * between them.
 */
import type { AheadPolicy, Outcome } from './gate.ts';
import { PATCH_STEPS, type Patch, type PatchOutcome, type PatchPolicy, type PatchStep, pendingOf } from './patch.ts';
import { type Gate, isFor, type NoticeKind, noticeAfter, PATCH_GATE, type Strategy } from './strategy.ts';

export const WAKEUPS = ['lossy', 'latched'] as const;
/** `lossy`: a notice is dropped unless the member is parked at that moment. `latched`: an early notice is kept. */
export type Wakeups = (typeof WAKEUPS)[number];

/** All that distinguishes one kind of daemon from another. */
export interface Rules {
  readonly strategy: Strategy;
  readonly wakeups: Wakeups;
  readonly ahead: AheadPolicy;
  readonly patching: PatchPolicy;
}

/** What ended a park. */
export type WokenBy = 'notice' | 'timer';

/** The gates for which a notice has arrived early and is kept. */
export type Latched = readonly Gate[];

/** What a member takes with it until it has nothing more to do. */
export interface Ahead {
  readonly latched: Latched;
  /** Whether it serves: patches may come after that. */
  readonly serving: boolean;
  /** Whether the gate of the patches lies before it. */
  readonly gated: boolean;
  /** The patches that it has not dealt with, in order. */
  readonly pending: readonly Patch[];
}
/** About to tell peers about the gate passed last (`announce`), then to run the transaction of `gate`. */
export interface Checking extends Ahead {
  readonly phase: 'checking';
  readonly gate: Gate;
  readonly announce: NoticeKind | null;
}
/** Has decided to park at `gate`, and does not wait yet. */
export interface Parking extends Ahead {
  readonly phase: 'parking';
  readonly gate: Gate;
}
/** Waits at `gate` for a notice or for the timer. */
export interface Parked extends Ahead {
  readonly phase: 'parked';
  readonly gate: Gate;
}
/** About to tell peers (`announce`), then to run the first of its pending patches, or to note it. */
export interface Patching extends Ahead {
  readonly phase: 'patching';
  readonly step: PatchStep;
  readonly announce: NoticeKind | null;
}
/** Has passed every gate to its opening; serves once `serving`, and then tells its peers. */
export interface Open extends Ahead {
  readonly phase: 'open';
  readonly announce: NoticeKind | null;
}
/** Gives up, for a reason that only an operator can remove. Peers are told first where it helps them to see it too. */
export interface Exiting {
  readonly phase: 'exiting';
  /** The gate that turned it away; null where a patch failed. */
  readonly gate: Gate | null;
  readonly outcome: Outcome | PatchFailure;
  readonly announce: NoticeKind | null;
}
export type State = Checking | Parking | Parked | Patching | Open | Exiting;

/** A patch that could not be run. */
export interface PatchFailure {
  readonly is: 'patch-failed';
  readonly patch: string;
  readonly why: string;
}

export type Command =
  | { readonly do: 'notify'; readonly kind: NoticeKind }
  | { readonly do: 'check'; readonly gate: Gate }
  | { readonly do: 'park'; readonly gate: Gate }
  | { readonly do: 'wait'; readonly gate: Gate }
  | { readonly do: 'patch'; readonly patch: Patch }
  | { readonly do: 'note'; readonly patch: Patch }
  | { readonly do: 'open' }
  | { readonly do: 'serve' }
  | { readonly do: 'exit'; readonly outcome: Outcome | PatchFailure };

export type Input =
  | { readonly is: 'notified' }
  | { readonly is: 'checked'; readonly outcome: Outcome }
  | { readonly is: 'parked' }
  | { readonly is: 'opened' }
  | { readonly is: 'patched'; readonly outcome: PatchOutcome | PatchFailure }
  | { readonly is: 'noted' }
  | { readonly is: 'noticed'; readonly kind: NoticeKind }
  | { readonly is: 'timer' };

/** What became of a notice where it arrived. */
export type Disposition = 'delivered' | 'latched' | 'dropped';

/**
 * A refreshed member, before its first gate.
 * @param patches those of its version
 * @param noted those that it has noted before
 */
export function start(rules: Rules, patches: readonly Patch[] = [], noted: readonly string[] = []): State {
  const { runs, waitsForAll } = rules.patching;
  const pending = pendingOf(patches, noted);
  // Also one that has none left says at that gate that it has them: others may wait for it.
  const ahead: Ahead = { latched: [], serving: false, gated: waitsForAll && patches.length > 0, pending };
  return runs === 'before-gates' ? patch(rules, ahead, null) : toGates(rules, ahead);
}

/** What the member has to do next. */
export function command(state: State): Command {
  if ('announce' in state && state.announce !== null && !(state.phase === 'open' && !state.serving))
    return { do: 'notify', kind: state.announce };
  switch (state.phase) {
    case 'checking':
      return { do: 'check', gate: state.gate };
    case 'parking':
      return { do: 'park', gate: state.gate };
    case 'parked':
      return { do: 'wait', gate: state.gate };
    case 'patching':
      return { do: state.step === 'run' ? 'patch' : 'note', patch: state.pending[0]! };
    case 'open':
      return state.serving ? { do: 'serve' } : { do: 'open' };
    case 'exiting':
      return { do: 'exit', outcome: state.outcome };
  }
}

/**
 * The state after an input.
 * @throws Error where the input does not answer the state's command: a fault of the driver, never of a user.
 */
export function advance(rules: Rules, state: State, input: Input): State {
  const todo = command(state).do;
  switch (input.is) {
    case 'noticed':
      return afterNotice(rules, state, input.kind);
    case 'checked':
      if (state.phase === 'checking' && todo === 'check') return afterCheck(rules, state, input.outcome);
      break;
    case 'parked':
      if (state.phase === 'parking') return afterPark(rules, state);
      break;
    case 'timer':
      if (state.phase === 'parked') return wake(rules, state);
      break;
    case 'opened':
      if (state.phase === 'open' && todo === 'open') return onceOpen(rules, { ...state, serving: true });
      break;
    case 'patched':
      if (state.phase === 'patching' && todo === 'patch') return afterPatch(rules, state, input.outcome);
      break;
    case 'noted':
      if (state.phase === 'patching' && todo === 'note') return afterPatchStep(rules, state);
      break;
    case 'notified':
      if (todo === 'notify') return afterNotifying(rules, state);
      break;
  }
  throw new Error(`the upgrade machine cannot take '${input.is}' while ${JSON.stringify(state)}`);
}

/** What becomes of a notice of this kind if it arrives in this state. */
export function dispositionOf(rules: Rules, state: State, kind: NoticeKind): Disposition {
  if (isDeaf(state)) return 'dropped';
  if (state.phase === 'parked' && isFor(rules.strategy, kind, state.gate)) return 'delivered';
  return rules.wakeups === 'latched' ? 'latched' : 'dropped';
}

/** Whether no notice can be of any use to the member any more: no gate lies before it. */
export function isDeaf(state: State): state is Open | Patching | Exiting {
  if (state.phase === 'exiting') return true;
  if (state.phase === 'open') return !state.gated;
  return state.phase === 'patching' && state.serving;
}

/** Whether the member serves. */
export function isServing(state: State): boolean {
  return state.phase !== 'exiting' && state.serving;
}

function toGates(rules: Rules, ahead: Ahead): Checking {
  return { ...ahead, phase: 'checking', gate: firstGate(rules), announce: null };
}

function firstGate(rules: Rules): Gate {
  const gate = rules.strategy.gates[0];
  if (gate === undefined) throw new Error(`strategy ${rules.strategy.name} has no gate`);
  return gate;
}

function afterNotice(rules: Rules, state: State, kind: NoticeKind): State {
  if (isDeaf(state)) return state;
  const kept = rules.wakeups === 'latched' ? latch(rules, state.latched, kind) : state.latched;
  if (state.phase !== 'parked' || !isFor(rules.strategy, kind, state.gate)) return { ...state, latched: kept };
  return wake(rules, { ...state, latched: kept });
}

function afterCheck(rules: Rules, state: Checking, outcome: Outcome): State {
  const { gate } = state;
  switch (outcome.is) {
    case 'pass':
      return afterPass(rules, state);
    case 'blocked':
      return parking(state);
    case 'ahead': {
      // No refresh of a peer can help a build that is older than the applied schema, so it never waits for one.
      const hopeless = outcome.of.some((found) => found.member === null);
      if (rules.ahead === 'wait' && !hopeless) return parking(state);
      return { phase: 'exiting', gate, outcome, announce: null };
    }
    case 'forked':
      // A peer that waits for this member would wait in vain: it is told, looks again, and sees the fork itself.
      return { phase: 'exiting', gate, outcome, announce: noticeAfter(rules.strategy, gate) ?? 'both' };
    case 'unsupported':
      return { phase: 'exiting', gate, outcome, announce: null };
  }
}

function parking({ gate, latched, serving, gated, pending }: Checking): Parking {
  return { phase: 'parking', gate, latched, serving, gated, pending };
}

function afterPass(rules: Rules, { gate, ...state }: Checking): State {
  const { strategy } = rules;
  const announce = noticeAfter(strategy, gate);
  if (gate === PATCH_GATE) return patch(rules, state, announce);
  const next = strategy.gates[strategy.gates.indexOf(gate) + 1];
  if (next !== undefined) return { ...state, phase: 'checking', gate: next, announce };
  // Without a gate before it, it has no use for what it kept.
  const latched = state.gated ? state.latched : [];
  return { ...state, latched, phase: 'open', announce: strategy.notifies === 'open' ? 'both' : announce };
}

/** An open member that has told its peers goes on to what comes after opening, where there is anything. */
function onceOpen(rules: Rules, state: Open): State {
  if (!state.serving || state.announce !== null) return state;
  if (state.gated) return { ...state, phase: 'checking', gate: PATCH_GATE, announce: null, gated: false };
  return patch(rules, state, null);
}

function afterNotifying(rules: Rules, state: State): State {
  switch (state.phase) {
    case 'open':
      return onceOpen(rules, { ...state, announce: null });
    case 'checking':
    case 'patching':
    case 'exiting':
      return { ...state, announce: null };
    default:
      return state;
  }
}

/** On to the next pending patch, or, where there is none, to what comes after them. */
function patch(rules: Rules, { latched, serving, gated, pending }: Ahead, announce: NoticeKind | null): State {
  const ahead: Ahead = { latched: serving ? [] : latched, serving, gated, pending };
  const [next] = pending;
  if (next !== undefined) return { ...ahead, phase: 'patching', step: PATCH_STEPS[next.interrupted][0]!, announce };
  return serving ? { ...ahead, phase: 'open', announce } : toGates(rules, ahead);
}

function afterPatch(rules: Rules, state: Patching, outcome: PatchOutcome | PatchFailure): State {
  if (typeof outcome !== 'string') return { phase: 'exiting', gate: null, outcome, announce: null };
  return afterPatchStep(rules, state);
}

function afterPatchStep(rules: Rules, state: Patching): State {
  const steps = PATCH_STEPS[state.pending[0]!.interrupted];
  const next = steps[steps.indexOf(state.step) + 1];
  if (next !== undefined) return { ...state, step: next };
  return patch(rules, { ...state, pending: state.pending.slice(1) }, null);
}

function afterPark(rules: Rules, state: Parking): State {
  const parked: Parked = { ...state, phase: 'parked' };
  return state.latched.includes(state.gate) ? wake(rules, parked) : parked;
}

/** A woken member takes the notice it was woken by, and looks again. */
function wake(rules: Rules, state: Parked): Checking {
  const { strategy } = rules;
  const gate = strategy.resumesAt === 'first-gate' && !state.serving ? firstGate(rules) : state.gate;
  const isKept = (kept: Gate): boolean =>
    kept !== state.gate && (strategy.notifies === 'each-gate' || kept === PATCH_GATE);
  return { ...state, phase: 'checking', gate, announce: null, latched: state.latched.filter(isKept) };
}

/** Where any notice wakes there is one latch, and it is kept as a latch on every gate. */
function latch({ strategy }: Rules, latched: Latched, kind: NoticeKind): Latched {
  const gates: readonly Gate[] = [...strategy.gates, PATCH_GATE];
  return gates.filter((gate) => latched.includes(gate) || isFor(strategy, kind, gate));
}
