/** Whom a parked member waits for at an instant, and for what: from what the gate would say to it then. */
import type { EventGate, NotifyOutcome } from '../../node/events.ts';
import { examine, type Outcome } from '../../node/upgrade/gate.ts';
import { type Gate, isFor, type Strategy } from '../../node/upgrade/strategy.ts';
import { describeDifferences, GATE_WORDS } from '../../node/words.ts';
import { rulesOf } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { placeBefore, placeUntil } from '../trace/instants.ts';
import { type Notified, noticesTo, type Trace } from '../trace/trace.ts';
import type { History } from './history.ts';
import type { Incarnation } from './incarnations.ts';
import { gateOf, hinderersIn, momentOfPassing } from './passing.ts';
import { reckonsGates } from './rows-read.ts';

/** One parked member, and whom it waited for at that instant. */
export interface Waiter {
  readonly member: string;
  readonly gate: EventGate;
  /** The members it waited for: to record something, or, where it could have passed, to tell it so. */
  readonly waitsFor: readonly string[];
  /**
   * `record`: what they lack is in the database. `notice`: the gate could pass, and the member did not know. `unknown`: its
   * daemon does not tell enough.
   */
  readonly needs: 'record' | 'notice' | 'unknown';
  /** What it waited for, as the object of "waits for". */
  readonly what: string;
  /** The whole of it as a sentence about the past, without a full stop. */
  readonly sentence: string;
}

/** So many members are named; a cluster of fifty would fill a page with each of its waiters. */
const MOST_NAMED = 3;

/** The notices to a member that were for those who wait at a gate, and left in an interval. */
export function sentWithin(
  strategy: Strategy,
  trace: Trace,
  member: string,
  gate: Gate,
  fromNs: number,
  toNs: number,
): readonly Notified[] {
  return noticesTo(trace, member).filter(
    ({ kind, sentNs }) => sentNs >= fromNs && sentNs <= toNs && isFor(strategy, kind, gate),
  );
}

/** @param atNs what had been decided by then, this instant included, is what the gate would see */
export function waiterAt(
  plan: Plan,
  trace: Trace,
  history: History,
  incarnation: Incarnation,
  gate: EventGate,
  atNs: number,
): Waiter {
  const { member } = incarnation;
  const where = GATE_WORDS[gate];
  if (!reckonsGates(plan, trace)) {
    const what = 'what its daemon does not tell';
    const sentence = `${member} waited at ${where}; for what, its daemon does not tell`;
    return { member, gate, waitsFor: [], needs: 'unknown', what, sentence };
  }
  const { strategy, ahead } = rulesOf(plan.daemon.model!);
  const modelled = gateOf(strategy, gate);
  const view = history.viewAt(atNs);
  if (!view.rows.some((row) => row.member === member)) {
    const what = 'its own row in the database';
    const sentence = `${member} waited at ${where}, and had no row in the database`;
    return { member, gate, waitsFor: [], needs: 'record', what, sentence };
  }
  const { outcome } = examine(strategy, ahead, modelled, member, incarnation.started.version, view);
  if (outcome.is === 'pass') return uninformed(plan, trace, history, incarnation, gate, strategy, atNs);
  const what = whatIsMissing(outcome);
  return {
    member,
    gate,
    waitsFor: hinderersIn(outcome),
    needs: 'record',
    what,
    sentence: `${member} waited at ${where} for ${what}`,
  };
}

/** Of a member that could pass, and does not know: who could have told it, or whose notice came to nothing. */
function uninformed(
  plan: Plan,
  trace: Trace,
  history: History,
  incarnation: Incarnation,
  gate: EventGate,
  strategy: Strategy,
  atNs: number,
): Waiter {
  const { member } = incarnation;
  const moment = momentOfPassing(plan, history, incarnation, gate, atNs);
  const knower = moment?.by ?? member;
  const fate = fateOfNotices(trace, incarnation, strategy, gateOf(strategy, gate), moment?.atNs ?? 0, atNs);
  const untold = `${knower} had made that true and had not told it (${tellsWhen(strategy)})`;
  return {
    member,
    gate,
    waitsFor: fate === null ? [knower] : [],
    needs: 'notice',
    what:
      fate === null
        ? `word from ${knower}: it could pass, and has not been told`
        : `its timer: it could pass, and the notice from ${fate.from} that said so ${fate.short}`,
    sentence: `${member} waited at ${GATE_WORDS[gate]}, which it could have passed: ${fate?.long ?? untold}`,
  };
}

/** What became of the first notice that said so: it came too early to be of use, or not at all, and none came after it. */
function fateOfNotices(
  trace: Trace,
  { member, notices }: Incarnation,
  strategy: Strategy,
  gate: Gate,
  fromNs: number,
  toNs: number,
): { readonly from: string; readonly short: string; readonly long: string } | null {
  const dropped = notices
    .slice(placeBefore(notices, fromNs) + 1, placeUntil(notices, toNs) + 1)
    .find(({ disposition, kind }) => disposition === 'dropped' && isFor(strategy, kind, gate));
  if (dropped !== undefined) {
    const { from } = dropped;
    return {
      from,
      short: 'was dropped',
      long: `the notice from ${from} came before ${member} had parked, and was dropped`,
    };
  }
  const sent = sentWithin(strategy, trace, member, gate, fromNs, toNs);
  const [first] = sent;
  if (first === undefined || sent.some(({ outcome }) => outcome === 'accepted')) return null;
  const short = FATES[first.outcome];
  return { from: first.member, short, long: `the notice from ${first.member} ${short}` };
}

const FATES: Readonly<Record<NotifyOutcome, string>> = {
  accepted: 'was taken in',
  refused: 'was refused',
  timeout: 'was not answered',
  unreachable: 'did not reach it',
  lost: 'was lost',
};

function tellsWhen(strategy: Strategy): string {
  return strategy.notifies === 'open'
    ? 'a member tells its peers only once it is open'
    : 'a member tells its peers after each gate';
}

function whatIsMissing(outcome: Outcome): string {
  if (outcome.is === 'blocked') return describeDifferences(outcome.by, MOST_NAMED);
  if (outcome.is === 'ahead') return `${describeDifferences(outcome.of, MOST_NAMED)} to come back to its version`;
  return 'something that no refresh of a peer can give';
}
