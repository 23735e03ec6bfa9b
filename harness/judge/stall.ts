/**
 * Why a roll stood still: who waited for whom, for what, and what broke it. Worked out from what the members told, and
 * from what the gates would have said to them at that instant.
 */
import { formatDuration } from '../../node/duration.ts';
import type { EventGate } from '../../node/events.ts';
import { GATE_WORDS } from '../../node/words.ts';
import type { Plan } from '../plan/plan.ts';
import { firstFrom, placeBefore } from '../trace/instants.ts';
import { rigEventsOf, type Trace } from '../trace/trace.ts';
import { stallAllowedBy } from './allowed.ts';
import type { History } from './history.ts';
import { type Incarnation, type Park, refreshedIncarnations } from './incarnations.ts';
import { keptBackWords } from './kept-back.ts';
import { momentOfPassing, stallOf } from './passing.ts';
import { type Waiter, waiterAt } from './waiter.ts';

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
  /** Which fault of the plan allows it, as the end of a sentence; null where none does. */
  readonly allowedBy: string | null;
  /** For a person: the whole of it, in sentences. */
  readonly because: string;
}

interface Waiting {
  readonly incarnation: Incarnation;
  readonly park: Park;
  /** When it began, and when it was over. */
  readonly atNs: number;
  readonly overNs: number;
}

/** So many of those who waited are told of; whom the others waited for says nothing new. */
const MOST_TOLD = 6;

/** Every stall of a roll, in the order in which they ended; those that nothing ended come last. */
export function stallsOf(plan: Plan, trace: Trace, history: History): Stall[] {
  const refreshed = plan.members.map((member) => refreshedIncarnations(plan, trace, member));
  const byMember = refreshed.map((incarnations) => waitingsOf(trace, incarnations));
  const waitings = byMember.flat();
  const last = new Set(refreshed.map((incarnations) => incarnations.at(-1)));
  const endNs = trace.reduce((latest, event) => Math.max(latest, event.atNs), 0);
  const ended = waitings.filter(({ incarnation, park }) => stallOf(plan, trace, history, incarnation, park) > 0);
  const endless = waitings.filter(
    ({ incarnation, park }) => park.toNs === null && incarnation.exiting?.reason === 'signal' && last.has(incarnation),
  );
  const instants = [
    ...ended
      .toSorted((one, other) => one.park.toNs! - other.park.toNs!)
      .map((waiting) => ({ waiting, atNs: waiting.park.toNs! })),
    ...endless.map((waiting) => ({ waiting, atNs: Math.min(waiting.incarnation.exiting?.atNs ?? endNs, endNs) })),
  ];
  return instants.map(({ waiting, atNs }) => {
    const parked = byMember.flatMap((own) => waitingAt(own, atNs));
    return explain(plan, trace, history, parked, waiting, atNs);
  });
}

/** The parks of a member, in order; one that nobody ended is over at the latest when its process is killed or gone. */
function waitingsOf(trace: Trace, incarnations: readonly Incarnation[]): Waiting[] {
  return incarnations.flatMap((incarnation, index) => {
    const nextNs = incarnations[index + 1]?.started.atNs ?? Number.POSITIVE_INFINITY;
    return incarnation.parks.map((park) => ({
      ...{ incarnation, park, atNs: park.fromNs },
      overNs: park.toNs ?? Math.min(nextNs, endOf(trace, incarnation.member, park.fromNs)),
    }));
  });
}

function endOf(trace: Trace, member: string, sinceNs: number): number {
  const ends: ReadonlyArray<ReadonlyArray<{ readonly atNs: number }>> = [
    rigEventsOf(trace, 'killing', member),
    rigEventsOf(trace, 'gone', member),
  ];
  return Math.min(...ends.map((events) => firstFrom(events, sinceNs)?.atNs ?? Number.POSITIVE_INFINITY));
}

/** The park, of those of one member, in which it was at an instant: none, or one. */
function waitingAt(own: readonly Waiting[], atNs: number): Waiting[] {
  const waiting = own[placeBefore(own, atNs)];
  return waiting === undefined || waiting.overNs < atNs ? [] : [waiting];
}

function explain(
  plan: Plan,
  trace: Trace,
  history: History,
  parked: readonly Waiting[],
  { incarnation, park }: Waiting,
  atNs: number,
): Stall {
  const waiters = parked.map((waiting) => {
    const { incarnation: own, park: its } = waiting;
    // What others had made true by then; the member's own next transaction is not part of it.
    const waiter = waiterAt(plan, trace, history, own, its.gate, atNs - 1);
    const keptBack = waiter.needs === 'notice' ? keptBackWords(trace, own, waiting.atNs) : null;
    if (keptBack === null) return waiter;
    return {
      ...waiter,
      sentence: `${own.member} waited at ${GATE_WORDS[its.gate]}, which it could have passed: ${keptBack}`,
    };
  });
  const cycle = cycleFrom(waiters, incarnation.member);
  const concerned = waiters.filter((waiter) => cycle.length === 0 || cycle.includes(waiter.member));
  const told = concerned.slice(0, MOST_TOLD).map((waiter) => `${waiter.sentence}.`);
  if (concerned.length > told.length) told.push(`So did ${concerned.length - told.length} more.`);
  const stallMs = park.toNs === null ? 0 : stallOf(plan, trace, history, incarnation, park);
  const brokenBy = park.toNs === null ? null : 'timer';
  const moment = park.toNs === null ? null : momentOfPassing(plan, history, incarnation, park.gate, park.toNs);
  const allowedBy =
    moment === null
      ? null
      : stallAllowedBy(plan, trace, { incarnation, park, knower: moment.by, sinceNs: moment.atNs });
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
    allowedBy,
    because: `${told.join(' ')}${named} ${closing}`,
  };
}

/** The first cycle that a walk from a member along "waits for" comes upon, beginning with the smallest name. */
function cycleFrom(waiters: readonly Waiter[], from: string): string[] {
  const waitsFor = new Map(waiters.map((waiter) => [waiter.member, waiter.waitsFor]));
  // From these the walk has found none, and would find none again.
  const done = new Set<string>();
  const walk = (path: readonly string[]): string[] => {
    const here = path.at(-1)!;
    for (const next of waitsFor.get(here) ?? []) {
      const before = path.indexOf(next);
      if (before >= 0) return path.slice(before);
      if (done.has(next)) continue;
      const found = walk([...path, next]);
      if (found.length > 0) return found;
    }
    done.add(here);
    return [];
  };
  return walk([from]);
}
