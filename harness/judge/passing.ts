/** Since when a gate could have passed for a member, and how long it was parked there in vain. */
import type { EventGate } from '../../node/events.ts';
import { examine } from '../../node/upgrade/gate.ts';
import { type Gate, isFor, type Strategy } from '../../node/upgrade/strategy.ts';
import { canReckonGates, rulesOf, tells } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { eventsOf, rigEvents, type Trace } from '../trace/trace.ts';
import { type History, lastUntil, type Moment } from './history.ts';
import { type Incarnation, type Park, sinceNs } from './incarnations.ts';

const MS = 1e-6;
/** A notice that is sent at an opening is there by then, also on a machine that is busy. */
const ON_ITS_WAY_NS = 1e9;

/** The gate of the model at which a member waits that does not say which: its only one. */
export function gateOf(strategy: Strategy, gate: EventGate): Gate {
  return gate === 'barrier' ? strategy.gates[0]! : gate;
}

/**
 * The start of the unbroken time, up to an instant, in which the database was such that a gate could have passed. Null where
 * it could not have at that instant.
 */
export function momentOfPassing(
  plan: Plan,
  history: History,
  incarnation: Incarnation,
  gate: EventGate,
  untilNs: number,
): Moment | null {
  let at = lastUntil(history, untilNs);
  let found: Moment | null = null;
  for (; at >= 0 && passesAt(plan, incarnation, gate, history[at]!); at -= 1) found = history[at]!;
  return found;
}

/**
 * The part of a park that came after its gate could have passed, in milliseconds. Zero where a notice ended it in time, or it
 * could not; and where the notice that would have ended it was on its way, and the timer merely came before it.
 */
export function stallOf(plan: Plan, trace: Trace, history: History, incarnation: Incarnation, park: Park): number {
  if (park.by !== 'timer' || park.toNs === null) return 0;
  if (!canReckonGates(plan.daemon)) return stallByStarts(trace, incarnation, park, park.toNs);
  const moment = momentOfPassing(plan, history, incarnation, park.gate, park.toNs);
  if (moment === null || isOnItsWay(plan, trace, incarnation, park, moment)) return 0;
  return (park.toNs - Math.max(moment.atNs, park.fromNs)) * MS;
}

/**
 * Where it cannot be told what members had recorded: a park that a timer ended, and after which the member opened, lasted in
 * vain at the most since the last member had been started.
 */
function stallByStarts(trace: Trace, { parks, open }: Incarnation, park: Park, toNs: number): number {
  const isLast = parks.at(-1)?.fromNs === park.fromNs;
  if (!isLast || open === null) return 0;
  const lastStartNs = rigEvents(trace, 'launching').findLast((event) => event.atNs <= toNs)?.atNs ?? park.fromNs;
  return (toNs - Math.max(lastStartNs, park.fromNs)) * MS;
}

/**
 * Whether the member that had made the gate passable went on to tell so without waiting for anything itself, and its notice
 * came when the timer had already fired. One that parked first would have told nobody without that timer.
 */
function isOnItsWay(plan: Plan, trace: Trace, incarnation: Incarnation, park: Park, moment: Moment): boolean {
  const { by, atNs } = moment;
  const { strategy } = rulesOf(plan.daemon.model!);
  const gate = gateOf(strategy, park.gate);
  const late = incarnation.notices.filter(
    (notice) => notice.from === by && notice.atNs > park.toNs! && isFor(strategy, notice.kind, gate),
  );
  if (late.length === 0) return false;
  if (!tells(plan.daemon, 'notifying')) {
    // What was seen of it may be seen late; and a notice that takes long after the opening is not on its way, but missing.
    const went = eventsOf(trace, by).find(
      (event) => event.atNs > moment.sinceNs && (event.event === 'parked' || event.event === 'open'),
    );
    return went?.event === 'open' && park.toNs! - sinceNs(went) < ON_ITS_WAY_NS;
  }
  const next = eventsOf(trace, by).find(
    (event) => event.atNs > atNs && (event.event === 'parked' || event.event === 'notifying'),
  );
  return next?.event === 'notifying' && late.some((notice) => notice.notice === next.notice);
}

function passesAt(plan: Plan, { member, started }: Incarnation, gate: EventGate, { view }: Moment): boolean {
  const { model } = plan.daemon;
  if (model === null || !view.rows.some((row) => row.member === member)) return false;
  const { strategy, ahead } = rulesOf(model);
  return examine(strategy, ahead, gateOf(strategy, gate), member, started.version, view).outcome.is === 'pass';
}
