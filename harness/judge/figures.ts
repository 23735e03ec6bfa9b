/** The figures of each member, in milliseconds. */
import type { Cause, EventGate } from '../../node/events.ts';
import type { Plan } from '../plan/plan.ts';
import { rigEventsOf, type Trace } from '../trace/trace.ts';
import type { History } from './history.ts';
import { type Incarnation, type Park, refreshedIncarnations, sinceNs } from './incarnations.ts';
import { isDoubtful, momentOfPassing, placeOfPassing, stallOf, waitedFor } from './passing.ts';
import { reckonsGates } from './rows-read.ts';

/** What one member of a roll has to show. Null: it never came to that, or it cannot be told. */
export interface MemberFigures {
  readonly name: string;
  /** Process start to open, of the last refresh. */
  readonly timeToOpenMs: number | null;
  /** Time parked, by gate. */
  readonly parkedMs: Readonly<Partial<Record<EventGate, number>>>;
  /** For whom it waited, as far as that can be told. */
  readonly waitedFor: readonly string[];
  /** Every wake, in order. */
  readonly wokenBy: readonly Cause[];
  /**
   * From the transaction that made the last thing true which the member waited for, to its opening. It contains that
   * transaction's commit, and no start of a process. Null where the member waited for nothing.
   */
  readonly unblockLatencyMs: number | null;
  /** The parts of its parks that came after the gate could have passed, and that a timer ended. */
  readonly stallMs: number;
  /** From being told to stop, to being open again. */
  readonly downtimeMs: number | null;
  /** Resident memory at the end of the roll, in bytes. */
  readonly memoryBytes: number | null;
  /** How often it exited by itself and was started again by its supervisor. */
  readonly restarts: number;
  /** What a figure is at the least, where the events that it rests on were observed and may have happened earlier or later. */
  readonly atLeastMs: Readonly<Partial<Record<'timeToOpenMs' | 'unblockLatencyMs' | 'downtimeMs', number>>>;
}

const MS = 1e-6;

/** The figures of every member that the plan refreshes, in the order of the plan's members. */
export function figuresOf(plan: Plan, trace: Trace, history: History): MemberFigures[] {
  const refreshed = new Set(plan.order);
  return plan.members
    .filter((member) => refreshed.has(member))
    .map((member) => memberFigures(plan, trace, history, member));
}

function memberFigures(plan: Plan, trace: Trace, history: History, member: string): MemberFigures {
  const incarnations = refreshedIncarnations(plan, trace, member);
  const last = incarnations.at(-1);
  const parks = incarnations.flatMap((incarnation) => incarnation.parks);
  const stopping = rigEventsOf(trace, 'stopping', member).findLast(
    (event) => event.atNs < (last?.started.atNs ?? 0) && last?.started.action === 'start',
  );
  const toOpen = last?.open ? span(sinceNs(last.started), last.started.atNs, sinceNs(last.open), last.open.atNs) : null;
  const downtime =
    stopping === undefined || !last?.open
      ? null
      : span(stopping.atNs, stopping.atNs, sinceNs(last.open), last.open.atNs);
  const unblock = last === undefined ? null : unblockLatencyOf(plan, trace, history, last);
  return {
    name: member,
    timeToOpenMs: toOpen?.mostMs ?? null,
    parkedMs: parkedByGate(parks),
    waitedFor: [...new Set(incarnations.flatMap((incarnation) => waitedFor(plan, trace, history, incarnation)))],
    wokenBy: parks.flatMap((park) =>
      park.by === null ? [] : [isDoubtful(plan, trace, member, park) ? 'unknown' : park.by],
    ),
    unblockLatencyMs: unblock?.mostMs ?? null,
    stallMs: incarnations.reduce(
      (sum, incarnation) =>
        sum + incarnation.parks.reduce((part, park) => part + stallOf(plan, trace, history, incarnation, park), 0),
      0,
    ),
    downtimeMs: downtime?.mostMs ?? null,
    memoryBytes: rigEventsOf(trace, 'memory', member).at(-1)?.bytes ?? null,
    restarts: rigEventsOf(trace, 'restarting', member).length,
    atLeastMs: {
      ...leastOf('timeToOpenMs', toOpen),
      ...leastOf('unblockLatencyMs', unblock),
      ...leastOf('downtimeMs', downtime),
    },
  };
}

/** How long something took, at the most and at the least. */
interface Range {
  readonly mostMs: number;
  readonly leastMs: number;
}

function span(fromSinceNs: number, fromNs: number, toSinceNs: number, toNs: number): Range {
  return { mostMs: (toNs - fromSinceNs) * MS, leastMs: Math.max(0, (toSinceNs - fromNs) * MS) };
}

function leastOf<Name extends string>(name: Name, range: Range | null): Partial<Record<Name, number>> {
  if (range === null || range.leastMs === range.mostMs) return {};
  return { [name]: range.leastMs } as Partial<Record<Name, number>>;
}

function parkedByGate(parks: readonly Park[]): Partial<Record<EventGate, number>> {
  const sums: Partial<Record<EventGate, number>> = {};
  for (const { gate, fromNs, toNs } of parks) {
    if (toNs !== null) sums[gate] = (sums[gate] ?? 0) + (toNs - fromNs) * MS;
  }
  return sums;
}

/** Of all gates at which the member was turned back, the one that became passable last. */
function unblockLatencyOf(plan: Plan, trace: Trace, history: History, incarnation: Incarnation): Range | null {
  const { open, checks } = incarnation;
  if (open === null || !reckonsGates(plan, trace)) return null;
  const moments =
    checks.length > 0
      ? turnedBackMoments(plan, history, incarnation)
      : seenMoments(plan, history, incarnation, open.atNs);
  const last = moments.reduce<(typeof moments)[number] | null>(
    (latest, moment) => (latest === null || moment.atNs > latest.atNs ? moment : latest),
    null,
  );
  return last === null ? null : span(last.sinceNs, last.atNs, sinceNs(open), open.atNs);
}

/** Of a daemon that does not tell of its gates: since when each could have passed at which the member was seen to wait. */
function seenMoments(plan: Plan, history: History, incarnation: Incarnation, openNs: number) {
  // That something is seen only after the opening does not mean that it came about after it.
  return [...new Set(incarnation.parks.map(({ gate }) => gate))].flatMap((gate) => {
    const place = placeOfPassing(plan, history.earliest, incarnation, gate, openNs);
    return place === null ? [] : [history.moments[place]!];
  });
}

function turnedBackMoments(plan: Plan, history: History, incarnation: Incarnation) {
  const openNs = incarnation.open?.atNs ?? Number.POSITIVE_INFINITY;
  // What an open member waits for, to run a patch, kept it from nothing.
  const checks = incarnation.checks.filter(({ atNs }) => atNs <= openNs);
  const turnedBackAt = new Set(checks.filter((check) => check.outcome.is !== 'pass').map((check) => check.gate));
  return [...turnedBackAt].flatMap((gate) => {
    const passed = checks.findLast((check) => check.gate === gate && check.outcome.is === 'pass');
    // The instant just before the member's own transaction: what others had made true by then.
    const moment =
      passed === undefined ? null : momentOfPassing(plan, history, incarnation, gate, passed.decidedNs - 1);
    return moment === null ? [] : [moment];
  });
}
