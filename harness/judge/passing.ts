/** Since when a gate could have passed for a member, and how long it was parked there in vain. */
import type { EventGate } from '../../node/events.ts';
import { examine, type Outcome } from '../../node/upgrade/gate.ts';
import { type Gate, isFor, type Strategy } from '../../node/upgrade/strategy.ts';
import type { View } from '../../node/upgrade/version.ts';
import { rulesOf, tells } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { lastUntil, placeUntil } from '../trace/instants.ts';
import { eventsOf, noticesTo, rigEvents, type Trace } from '../trace/trace.ts';
import type { History, Moment } from './history.ts';
import { type Incarnation, type Park, sinceNs, turnsOf } from './incarnations.ts';
import { passableAt } from './passable.ts';
import { reckonsGates } from './rows-read.ts';

const MS = 1e-6;
/** A notice that is sent at an opening is there by then, also on a machine that is busy. */
const LONGEST_WAY_NS = 1e9;
/** And within such a part of a timer: else nobody could ever sit out a short one. */
const PART_OF_TIMER = 0.5;

/** The gate of the model at which a member waits that does not say which: its only one. */
export function gateOf(strategy: Strategy, gate: EventGate): Gate {
  return gate === 'barrier' ? strategy.gates[0]! : gate;
}

/** The members for which an outcome of a gate has somebody wait. */
export function hinderersIn(outcome: Outcome): string[] {
  const found = outcome.is === 'blocked' ? outcome.by : outcome.is === 'ahead' ? outcome.of : [];
  return [...new Set(found.flatMap((difference) => (difference.member === null ? [] : [difference.member])))];
}

/** For whom a member waited, in all of its parks: whose rows held it back when each began. */
export function waitedFor(
  plan: Plan,
  trace: Trace,
  history: History,
  { member, started, parks }: Incarnation,
): string[] {
  if (!reckonsGates(plan, trace)) return [];
  const { strategy, ahead } = rulesOf(plan.daemon.model!);
  const found = new Set<string>();
  let [seen, at]: [View | null, EventGate | null] = [null, null];
  for (const { gate, fromNs } of parks) {
    const view = history.viewAt(fromNs);
    // Mostly nothing has changed since it parked the last time.
    if (seen === view && at === gate) continue;
    [seen, at] = [view, gate];
    // Of a trace that does not tell of its row, it is not known what it looked at.
    if (!view.rows.some((row) => row.member === member)) continue;
    const { outcome } = examine(strategy, ahead, gateOf(strategy, gate), member, started.version, view);
    for (const other of hinderersIn(outcome)) found.add(other);
  }
  return plan.members.filter((other) => found.has(other));
}

/**
 * The place in the history at which the unbroken time began, up to an instant, in which the database was such that a gate
 * could have passed. Null where it could not have at that instant.
 */
export function placeOfPassing(
  plan: Plan,
  history: History,
  { member, started }: Incarnation,
  gate: EventGate,
  untilNs: number,
): number | null {
  const { model } = plan.daemon;
  if (model === null) return null;
  const rules = rulesOf(model);
  return passableAt(rules, gateOf(rules.strategy, gate), started.version, history).since(
    member,
    history.placeAt(untilNs),
  );
}

export function momentOfPassing(
  plan: Plan,
  history: History,
  incarnation: Incarnation,
  gate: EventGate,
  untilNs: number,
): Moment | null {
  const place = placeOfPassing(plan, history, incarnation, gate, untilNs);
  return place === null ? null : history.moments[place]!;
}

/**
 * The part of a park that came after its gate could have passed, in milliseconds. Zero where a notice ended it in time, or may
 * have, or it could not; and where the notice that would have ended it was on its way, and the timer merely came before it.
 */
export function stallOf(plan: Plan, trace: Trace, history: History, incarnation: Incarnation, park: Park): number {
  const stallMs = vainOf(plan, trace, history, incarnation, park);
  return stallMs > 0 && isDoubtful(plan, trace, incarnation.member, park) ? 0 : stallMs;
}

/**
 * Whether a notice may have ended a park that is reckoned to be the timer's: a peer had opened just before, so that its notice
 * came when the timer was due, and the length of the park does not tell them apart.
 */
export function isDoubtful(plan: Plan, trace: Trace, member: string, { by, isReckoned, toNs }: Park): boolean {
  const { timer } = plan.daemon;
  if (by !== 'timer' || !isReckoned || toNs === null || timer === null) return false;
  const soonestNs = toNs - timer.toleranceMs / MS;
  return plan.members.some(
    (peer) =>
      peer !== member &&
      eventsOf(trace, peer).some(
        (event) => event.event === 'open' && event.atNs >= soonestNs && sinceNs(event) <= toNs,
      ),
  );
}

/** The same, as if it were certain that the timer ended it. */
function vainOf(plan: Plan, trace: Trace, history: History, incarnation: Incarnation, park: Park): number {
  if (park.by !== 'timer' || park.toNs === null) return 0;
  if (!reckonsGates(plan, trace)) return stallByStarts(trace, incarnation, park, park.toNs);
  const moment = momentOfPassing(plan, history, incarnation, park.gate, park.toNs);
  if (moment === null || wayOf(plan, trace, incarnation, park, moment) !== 'missing') return 0;
  return (park.toNs - Math.max(moment.atNs, park.fromNs)) * MS;
}

/**
 * Where it cannot be told what members had recorded: a park that a timer ended, and after which the member opened, lasted in
 * vain at the most since the last member had been started.
 */
function stallByStarts(trace: Trace, { parks, open }: Incarnation, park: Park, toNs: number): number {
  const isLast = parks.at(-1)?.fromNs === park.fromNs;
  if (!isLast || open === null) return 0;
  const lastStartNs = lastUntil(rigEvents(trace, 'launching'), toNs)?.atNs ?? park.fromNs;
  return (toNs - Math.max(lastStartNs, park.fromNs)) * MS;
}

/**
 * Whether it cannot be told if a timer ended a park in vain: whoever could have ended it had just opened, and nothing tells of the
 * notices that it sends.
 */
export function mayBeInVain(plan: Plan, trace: Trace, history: History, incarnation: Incarnation, park: Park): boolean {
  if (park.by !== 'timer' || park.toNs === null || !reckonsGates(plan, trace)) return false;
  const moment = momentOfPassing(plan, history, incarnation, park.gate, park.toNs);
  return moment !== null && wayOf(plan, trace, incarnation, park, moment) === 'untold';
}

/** Whether a gate may have been passable for long when a timer ended a park, and was only seen to be later. */
export function mayHavePassed(
  plan: Plan,
  trace: Trace,
  history: History,
  incarnation: Incarnation,
  park: Park,
): boolean {
  if (park.by !== 'timer' || stallOf(plan, trace, history, incarnation, park) > 0) return false;
  return stallOf(plan, trace, history.earliest, incarnation, park) / MS >= longestWayNs(plan);
}

/**
 * Where the notice was that would have ended a park, when its timer fired: on its way; missing; or on its way if it was ever sent, which
 * nothing tells of. It is on its way where the member that had made the gate passable went on to tell so without waiting for anything
 * itself: one that parked first would have told nobody without that timer.
 */
function wayOf(
  plan: Plan,
  trace: Trace,
  incarnation: Incarnation,
  park: Park,
  moment: Moment,
): 'on its way' | 'missing' | 'untold' {
  const { by, atNs } = moment;
  const { daemon } = plan;
  const { strategy } = rulesOf(daemon.model!);
  const gate = gateOf(strategy, park.gate);
  const isToldIn = tells(daemon, 'noticed');
  const late = incarnation.notices
    .slice(placeUntil(incarnation.notices, park.toNs!) + 1)
    .filter((notice) => notice.from === by && isFor(strategy, notice.kind, gate));
  if (late.length === 0 && isToldIn) return 'missing';
  if (isToldIn && tells(daemon, 'notifying')) {
    const turns = turnsOf(trace, by);
    const next = turns[placeUntil(turns, atNs) + 1];
    return next?.event === 'notifying' && late.some((notice) => notice.notice === next.notice)
      ? 'on its way'
      : 'missing';
  }
  const went = eventsOf(trace, by).find(
    (event) => event.atNs >= moment.sinceNs && (event.event === 'parked' || event.event === 'open'),
  );
  // What was seen of it may be seen late; and a notice that takes long after the opening is not on its way, but missing.
  if (went?.event !== 'open' || park.toNs! - sinceNs(went) >= longestWayNs(plan)) return 'missing';
  if (isToldIn) return 'on its way';
  if (!tells(daemon, 'notified')) return 'untold';
  const isSent = noticesTo(trace, incarnation.member).some((sent) => sent.member === by && sent.atNs > moment.sinceNs);
  return isSent ? 'on its way' : 'missing';
}

/** For so long at the most is a notice on its way. */
export function longestWayNs({ daemon: { timer } }: Plan): number {
  return timer === null ? LONGEST_WAY_NS : Math.min(LONGEST_WAY_NS, (timer.everyMs / MS) * PART_OF_TIMER);
}
