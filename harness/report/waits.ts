/** The parks of a roll, each with whom its member waited for and for what, from one change of that to the next. Pure, and free of Node. */
import type { Cause, EventGate } from '../../node/events.ts';
import { type History, historyOf } from '../judge/history.ts';
import { type Incarnation, type Park, refreshedIncarnations } from '../judge/incarnations.ts';
import { waiterAt } from '../judge/waiter.ts';
import type { Plan } from '../plan/plan.ts';
import { firstFrom, placeBefore, placeUntil } from '../trace/instants.ts';
import type { Trace } from '../trace/trace.ts';

/** A part of a park in which its member waited for the same. */
export interface Wait {
  readonly member: string;
  readonly gate: EventGate;
  /** When the park began; its parts follow each other. */
  readonly parkNs: number;
  readonly fromNs: number;
  /** As the object of "waits for". */
  readonly what: string;
  /** What ended the park, told or reckoned; null where nothing has. */
  readonly by: Cause | null;
  /** How long the park could have lasted at most, in milliseconds; null where that is not known. */
  readonly timerMs: number | null;
}

/** All parts of all parks, in the order of the members. */
export function waitsOf(plan: Plan, trace: Trace): Wait[] {
  const history = historyOf(plan, trace);
  return plan.members.flatMap((member) =>
    refreshedIncarnations(plan, trace, member).flatMap((incarnation) =>
      incarnation.parks.flatMap((park) => waitsOfPark(plan, trace, history, incarnation, park)),
    ),
  );
}

/** What a member waits for that is parked now; null where it is not. */
export function waitNow(plan: Plan, trace: Trace, history: History, member: string): Wait | null {
  const incarnation = refreshedIncarnations(plan, trace, member).at(-1);
  const park = incarnation?.parks.at(-1);
  if (incarnation === undefined || park === undefined || park.toNs !== null) return null;
  return waitAt(plan, trace, history, incarnation, park, Number.POSITIVE_INFINITY);
}

function waitsOfPark(plan: Plan, trace: Trace, history: History, incarnation: Incarnation, park: Park): Wait[] {
  const { moments } = history;
  const overNs = park.toNs ?? incarnation.exiting?.atNs ?? Number.POSITIVE_INFINITY;
  // What was decided as the park ended is the member's own next transaction.
  const within = moments.slice(placeUntil(moments, park.fromNs) + 1, placeBefore(moments, overNs) + 1);
  const waits: Wait[] = [];
  for (const atNs of [park.fromNs, ...within.map((moment) => moment.atNs)]) {
    const wait = waitAt(plan, trace, history, incarnation, park, atNs);
    if (wait.what !== waits.at(-1)?.what) waits.push(wait);
  }
  return waits;
}

function waitAt(plan: Plan, trace: Trace, history: History, incarnation: Incarnation, park: Park, atNs: number): Wait {
  const { member, gate, what } = waiterAt(plan, trace, history, incarnation, park.gate, atNs);
  const timerMs = firstFrom(incarnation.parkings, park.fromNs)?.waitMs ?? plan.daemon.timer?.everyMs ?? null;
  return { member, gate, parkNs: park.fromNs, fromNs: Math.max(atNs, park.fromNs), what, by: park.by, timerMs };
}
