/**
 * Why a roll stood still: who waited for whom, for what, and what broke it. Worked out from what the members told, and
 * from what the gates would have said to them at that instant.
 */

import { formatDuration } from '../../node/duration.ts';
import type { EventGate } from '../../node/events.ts';
import { examine, type Outcome } from '../../node/upgrade/gate.ts';
import { isFor, type Strategy } from '../../node/upgrade/strategy.ts';
import { describeDifferences, GATE_WORDS } from '../../node/words.ts';
import { canReckonGates, rulesOf } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../trace/trace.ts';
import { type History, viewAt } from './history.ts';
import { type Incarnation, type Park, refreshedIncarnations } from './incarnations.ts';
import { gateOf, momentOfPassing, stallOf } from './passing.ts';

/** One parked member, and whom it waited for at that instant. */
export interface Waiter {
  readonly member: string;
  readonly gate: EventGate;
  /** The members it waited for: to record something, or, where it could have passed, to tell it so. */
  readonly waitsFor: readonly string[];
  /** `record`: what they lack is in the database. `notice`: the gate could pass, and the member did not know. */
  readonly needs: 'record' | 'notice';
  /** The same as a sentence, without a full stop. */
  readonly sentence: string;
}

export interface Stall {
  readonly member: string;
  readonly gate: EventGate;
  readonly stallMs: number;
  /** Everybody who was parked when it ended. */
  readonly waiters: readonly Waiter[];
  /** The members of the cycle, each waiting for the next and the last for the first; empty where there is none. */
  readonly cycle: readonly string[];
  /** What broke it, or null where nothing did before the roll ended. */
  readonly brokenBy: 'timer' | null;
  /** For a person: the whole of it, in sentences. */
  readonly because: string;
}

interface Waiting {
  readonly incarnation: Incarnation;
  readonly park: Park;
}

/** Every stall of a roll, in the order in which they ended; those that nothing ended come last. */
export function stallsOf(plan: Plan, trace: Trace, history: History): Stall[] {
  const incarnations = plan.members.flatMap((member) => refreshedIncarnations(plan, trace, member));
  const waitings = incarnations.flatMap((incarnation) =>
    incarnation.parks.map((park): Waiting => ({ incarnation, park })),
  );
  const endNs = trace.reduce((last, event) => Math.max(last, event.atNs), 0);
  const ended = waitings.filter(({ incarnation, park }) => stallOf(plan, trace, history, incarnation, park) > 0);
  const endless = waitings.filter(
    ({ incarnation, park }) =>
      park.toNs === null && incarnation.exiting?.reason === 'signal' && isLast(incarnations, incarnation),
  );
  const instants = [
    ...ended
      .toSorted((one, other) => one.park.toNs! - other.park.toNs!)
      .map((waiting) => ({ waiting, atNs: waiting.park.toNs! })),
    ...endless.map((waiting) => ({ waiting, atNs: Math.min(waiting.incarnation.exiting?.atNs ?? endNs, endNs) })),
  ];
  return instants.map(({ waiting, atNs }) => explain(plan, trace, history, waitings, waiting, atNs));
}

function isLast(incarnations: readonly Incarnation[], incarnation: Incarnation): boolean {
  return incarnations.findLast((other) => other.member === incarnation.member) === incarnation;
}

function explain(
  plan: Plan,
  trace: Trace,
  history: History,
  all: readonly Waiting[],
  { incarnation, park }: Waiting,
  atNs: number,
): Stall {
  const parked = all.filter(({ park: other }) => other.fromNs < atNs && (other.toNs === null || other.toNs >= atNs));
  const waiters = parked.map((waiting) => waiterOf(plan, history, waiting, atNs));
  const cycle = cycleFrom(waiters, incarnation.member);
  const told = waiters.filter((waiter) => cycle.length === 0 || cycle.includes(waiter.member));
  const stallMs = park.toNs === null ? 0 : stallOf(plan, trace, history, incarnation, park);
  const brokenBy = park.toNs === null ? null : 'timer';
  const circle = [...cycle, cycle[0]].join(' → ');
  const named = cycle.length === 0 ? '' : ` That is a cycle: ${circle}.`;
  const closing =
    brokenBy === 'timer'
      ? `A timer ended it: that of ${incarnation.member}, after ${formatDuration(stallMs)} of stall.`
      : 'Nothing ended that before the roll did.';
  return {
    member: incarnation.member,
    gate: park.gate,
    stallMs,
    waiters,
    cycle,
    brokenBy,
    because: `${told.map((waiter) => `${waiter.sentence}.`).join(' ')}${named} ${closing}`,
  };
}

function waiterOf(plan: Plan, history: History, { incarnation, park }: Waiting, atNs: number): Waiter {
  const { member } = incarnation;
  const { gate } = park;
  const where = GATE_WORDS[gate];
  if (!canReckonGates(plan.daemon)) {
    const sentence = `${member} waited at ${where}; for what, its daemon does not tell`;
    return { member, gate, waitsFor: [], needs: 'record', sentence };
  }
  const { strategy, ahead } = rulesOf(plan.daemon.model!);
  const modelled = gateOf(strategy, gate);
  // What others had made true by then; the member's own next transaction is not part of it.
  const view = viewAt(history, atNs - 1);
  if (!view.rows.some((row) => row.member === member)) {
    const sentence = `${member} waited at ${where}, and had no row in the database`;
    return { member, gate, waitsFor: [], needs: 'record', sentence };
  }
  const { outcome } = examine(strategy, ahead, modelled, member, incarnation.started.version, view);
  if (outcome.is !== 'pass') {
    const sentence = `${member} waited at ${where} for ${whatIsMissing(outcome)}`;
    return { member, gate, waitsFor: membersIn(outcome), needs: 'record', sentence };
  }
  const moment = momentOfPassing(plan, history, incarnation, gate, atNs - 1);
  const knower = moment?.by ?? member;
  const lost = incarnation.notices.find(
    (notice) =>
      notice.disposition === 'dropped' &&
      notice.atNs >= (moment?.atNs ?? 0) &&
      notice.atNs <= atNs &&
      isFor(strategy, notice.kind, modelled),
  );
  const why =
    lost === undefined
      ? `${knower} had made that true and had not told it (${tellsWhen(strategy)})`
      : `the notice from ${lost.from} came before ${member} had parked, and was dropped`;
  const sentence = `${member} waited at ${where}, which it could have passed: ${why}`;
  return { member, gate, waitsFor: lost === undefined ? [knower] : [], needs: 'notice', sentence };
}

function tellsWhen(strategy: Strategy): string {
  return strategy.notifies === 'open'
    ? 'a member tells its peers only once it is open'
    : 'a member tells its peers after each gate';
}

function whatIsMissing(outcome: Outcome): string {
  if (outcome.is === 'blocked') return describeDifferences(outcome.by);
  if (outcome.is === 'ahead') return `${describeDifferences(outcome.of)} to come back to its version`;
  return 'something that no refresh of a peer can give';
}

function membersIn(outcome: Outcome): string[] {
  const found = outcome.is === 'blocked' ? outcome.by : outcome.is === 'ahead' ? outcome.of : [];
  return [...new Set(found.flatMap((difference) => (difference.member === null ? [] : [difference.member])))];
}

/** The first cycle that a walk from a member along "waits for" comes upon, beginning with the smallest name. */
function cycleFrom(waiters: readonly Waiter[], from: string): string[] {
  const walk = (path: readonly string[]): string[] => {
    const here = path.at(-1)!;
    for (const next of waiters.find((waiter) => waiter.member === here)?.waitsFor ?? []) {
      const before = path.indexOf(next);
      if (before >= 0) return path.slice(before);
      const found = walk([...path, next]);
      if (found.length > 0) return found;
    }
    return [];
  };
  return walk([from]);
}
