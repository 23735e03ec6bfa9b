/** Whom a parked member waits for at an instant, and for what: from what the gate would say to it then. */
import type { EventGate } from '../../node/events.ts';
import { examine, type Outcome } from '../../node/upgrade/gate.ts';
import { isFor, type Strategy } from '../../node/upgrade/strategy.ts';
import { describeDifferences, GATE_WORDS } from '../../node/words.ts';
import { canReckonGates, rulesOf } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { placeBefore, placeUntil } from '../trace/instants.ts';
import type { History } from './history.ts';
import type { Incarnation } from './incarnations.ts';
import { gateOf, hinderersIn, momentOfPassing } from './passing.ts';

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

/** @param atNs what had been decided by then, this instant included, is what the gate would see */
export function waiterAt(
  plan: Plan,
  history: History,
  incarnation: Incarnation,
  gate: EventGate,
  atNs: number,
): Waiter {
  const { member } = incarnation;
  const where = GATE_WORDS[gate];
  if (!canReckonGates(plan.daemon)) {
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
  if (outcome.is === 'pass') return uninformed(plan, history, incarnation, gate, strategy, atNs);
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
  history: History,
  incarnation: Incarnation,
  gate: EventGate,
  strategy: Strategy,
  atNs: number,
): Waiter {
  const { member, notices } = incarnation;
  const moment = momentOfPassing(plan, history, incarnation, gate, atNs);
  const knower = moment?.by ?? member;
  const lost = notices
    .slice(placeBefore(notices, moment?.atNs ?? 0) + 1, placeUntil(notices, atNs) + 1)
    .find((notice) => notice.disposition === 'dropped' && isFor(strategy, notice.kind, gateOf(strategy, gate)));
  const why =
    lost === undefined
      ? `${knower} had made that true and had not told it (${tellsWhen(strategy)})`
      : `the notice from ${lost.from} came before ${member} had parked, and was dropped`;
  const what =
    lost === undefined
      ? `word from ${knower}: it could pass, and has not been told`
      : `its timer: it could pass, and the notice from ${lost.from} that said so was dropped`;
  return {
    member,
    gate,
    waitsFor: lost === undefined ? [knower] : [],
    needs: 'notice',
    what,
    sentence: `${member} waited at ${GATE_WORDS[gate]}, which it could have passed: ${why}`,
  };
}

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
