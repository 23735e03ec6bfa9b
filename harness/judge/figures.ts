/** The figures of each member, in milliseconds. */
import { examine } from '../../node/upgrade/gate.ts';
import type { WokenBy } from '../../node/upgrade/machine.ts';
import { type Gate, isFor, STRATEGIES } from '../../node/upgrade/strategy.ts';
import type { View } from '../../node/upgrade/version.ts';
import type { Plan } from '../plan/plan.ts';
import { eventsOf, rigEvents, type Trace } from '../trace/trace.ts';
import type { History, Moment } from './history.ts';
import { type Incarnation, type Park, refreshedIncarnations } from './incarnations.ts';

/** What one member of a roll has to show. Null: it never came to that. */
export interface MemberFigures {
  readonly name: string;
  /** Process start to open, of the last refresh. */
  readonly timeToOpenMs: number | null;
  /** Time parked, by gate. */
  readonly parkedMs: Readonly<Partial<Record<Gate, number>>>;
  /** Every wake, in order. */
  readonly wokenBy: readonly WokenBy[];
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
}

const MS = 1e-6;

/** The figures of every member that the plan refreshes, in the order of the plan's members. */
export function figuresOf(plan: Plan, trace: Trace, history: History): MemberFigures[] {
  const refreshed = plan.members.filter((member) => plan.order.includes(member));
  return refreshed.map((member) => memberFigures(plan, trace, history, member));
}

/**
 * Since when a gate could have passed for a member, looking back from an instant: the start of the unbroken time in
 * which the database was such that it would have. Null where it could not have passed at that instant.
 */
export function passableSince(
  plan: Plan,
  history: History,
  incarnation: Incarnation,
  gate: Gate,
  untilNs: number,
): number | null {
  return momentOfPassing(plan, history, incarnation, gate, untilNs)?.atNs ?? null;
}

/**
 * The part of a park that came after its gate could have passed. Zero where a notice ended it in time, or it could not; and
 * where the notice that would have ended it was on its way, and the timer merely came before it.
 */
export function stallOf(plan: Plan, trace: Trace, history: History, incarnation: Incarnation, park: Park): number {
  if (park.by !== 'timer' || park.toNs === null) return 0;
  const moment = momentOfPassing(plan, history, incarnation, park.gate, park.toNs);
  if (moment === null || isOnItsWay(plan, trace, incarnation, park, moment)) return 0;
  return (park.toNs - Math.max(moment.atNs, park.fromNs)) * MS;
}

function momentOfPassing(
  plan: Plan,
  history: History,
  incarnation: Incarnation,
  gate: Gate,
  untilNs: number,
): Moment | null {
  const past = history.filter((moment) => moment.atNs <= untilNs);
  const firstBad = past.findLastIndex((moment) => !couldPass(plan, incarnation, gate, moment.view));
  return past[firstBad + 1] ?? null;
}

/**
 * Whether the member that had made the gate passable went on to tell so without waiting for anything itself, and its notice
 * came when the timer had already fired. One that parked first would have told nobody without that timer.
 */
function isOnItsWay(plan: Plan, trace: Trace, incarnation: Incarnation, park: Park, { by, atNs }: Moment): boolean {
  const strategy = STRATEGIES[plan.strategy];
  const late = incarnation.notices.filter(
    (notice) => notice.from === by && notice.atNs > park.toNs! && isFor(strategy, notice.kind, park.gate),
  );
  const next = eventsOf(trace, by).find(
    (event) => event.atNs > atNs && (event.event === 'parked' || event.event === 'notifying'),
  );
  return next?.event === 'notifying' && late.some((notice) => notice.notice === next.notice);
}

function memberFigures(plan: Plan, trace: Trace, history: History, member: string): MemberFigures {
  const incarnations = refreshedIncarnations(trace, member);
  const last = incarnations.at(-1);
  const parks = incarnations.flatMap((incarnation) => incarnation.parks);
  const stopping = rigEvents(trace, 'stopping').findLast(
    (event) => event.member === member && event.atNs < (last?.started.atNs ?? 0),
  );
  const openNs = last?.open?.atNs ?? null;
  return {
    name: member,
    timeToOpenMs: last === undefined || openNs === null ? null : (openNs - last.started.atNs) * MS,
    parkedMs: parkedByGate(parks),
    wokenBy: parks.flatMap((park) => (park.by === null ? [] : [park.by])),
    unblockLatencyMs: last === undefined ? null : unblockLatencyOf(plan, history, last),
    stallMs: incarnations.reduce(
      (sum, incarnation) =>
        sum + incarnation.parks.reduce((part, park) => part + stallOf(plan, trace, history, incarnation, park), 0),
      0,
    ),
    downtimeMs: stopping === undefined || openNs === null ? null : (openNs - stopping.atNs) * MS,
    memoryBytes: rigEvents(trace, 'memory').findLast((event) => event.member === member)?.bytes ?? null,
  };
}

function parkedByGate(parks: readonly Park[]): Partial<Record<Gate, number>> {
  const sums: Partial<Record<Gate, number>> = {};
  for (const { gate, fromNs, toNs } of parks) {
    if (toNs !== null) sums[gate] = (sums[gate] ?? 0) + (toNs - fromNs) * MS;
  }
  return sums;
}

/** Of all gates at which the member was turned back, the one that became passable last. */
function unblockLatencyOf(plan: Plan, history: History, incarnation: Incarnation): number | null {
  const { open, checks } = incarnation;
  if (open === null) return null;
  const turnedBackAt = new Set(checks.filter((check) => check.outcome.is !== 'pass').map((check) => check.gate));
  const instants = [...turnedBackAt].flatMap((gate) => {
    const passed = checks.findLast((check) => check.gate === gate && check.outcome.is === 'pass');
    // The instant just before the member's own transaction: what others had made true by then.
    const since = passed === undefined ? null : passableSince(plan, history, incarnation, gate, passed.decidedNs - 1);
    return since === null ? [] : [since];
  });
  return instants.length === 0 ? null : (open.atNs - Math.max(...instants)) * MS;
}

function couldPass(plan: Plan, incarnation: Incarnation, gate: Gate, view: View): boolean {
  const { member, started } = incarnation;
  if (!view.rows.some((row) => row.member === member)) return false;
  return examine(STRATEGIES[plan.strategy], plan.ahead, gate, member, started.version, view).outcome.is === 'pass';
}
