/** Checks of service: no record is lost, and a member that is open serves. */

import { formatDuration } from '../../node/duration.ts';
import { ALL_VOTE } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { firstFrom, lastUntil, placeBefore, placeUntil } from '../trace/instants.ts';
import {
  eventsOf,
  OPERATIONS,
  type Operation,
  type Records,
  type RigEvent,
  rigEvents,
  rigEventsOf,
  type Trace,
} from '../trace/trace.ts';
import { refusalAllowed } from './allowed.ts';
import {
  broken,
  type Check,
  cameToItsEnd,
  cannotTell,
  type Evidence,
  holds,
  listed,
  notApplicable,
} from './evidence.ts';
import { isOpenAtEnd } from './exits.ts';
import { lagsWithin, lagWords } from './lag.ts';

/** How many of the records that are missing are named. */
const NAMED = 5;

/** Every record whose writing was acknowledged is there in the end, with its value, through every open member. */
export function noRecordLost({ plan, trace }: Evidence): Check {
  const name = 'no-record-lost';
  if (!plan.daemon.capabilities.records) return notApplicable(name, NO_RECORDS);
  const ledger = rigEvents(trace, 'ledger')[0];
  if (ledger === undefined) {
    return cameToItsEnd(trace)
      ? broken(name, 'the records were never read back')
      : cannotTell(name, 'the roll ended before the records were read back');
  }
  const { acknowledged, found } = ledger;
  const written = Object.keys(acknowledged).length;
  const open = plan.members.filter((member) => isOpenAtEnd(plan, trace, member));
  const unread = rigEvents(trace, 'unread');
  const late = unread.filter(({ how }) => how === 'timeout');
  const short = withoutQuorum(plan, trace, ledger.atNs);
  const powerless = short === null ? [] : unread.filter(({ how }) => how === 'refused');
  const excused = new Set([...late, ...powerless].map(({ member }) => member));
  const unasked = open.filter((member) => found[member] === undefined && !excused.has(member));
  const faults = [
    ...plan.records
      .filter(({ key }) => !(key in acknowledged))
      .map(({ key }) => `the writing of ${key} was never acknowledged`),
    ...unasked.map((member) => `${member} ${whyUnread(trace, member)}`),
    ...Object.entries(found).flatMap(([member, records]) => differences(member, acknowledged, records)),
  ];
  if (faults.length > 0) return broken(name, listed(faults));
  if (short !== null && open.length > 0 && open.every((member) => found[member] === undefined))
    return notApplicable(name, short);
  if (late.length > 0) {
    const words = late.map(({ member, because }) => `${member} did not return its records in time: ${because}`);
    return cannotTell(name, withLag(listed(words), rigEvents(trace, 'lag')));
  }
  if (open.length === 0) return notApplicable(name, 'no member was open at the end to be asked');
  if (written === 0) return broken(name, 'no writing of a record was acknowledged, so nothing was tried');
  return holds(name, `all ${written} acknowledged records were there, read through ${open.join(', ')}`);
}

const NO_RECORDS = 'the rig cannot write and read records with this daemon';

/**
 * Whether so many members were gone by then that a replicated database may have had no quorum to answer from, in a sentence. That they
 * were gone is for other checks to judge.
 */
function withoutQuorum(plan: Plan, trace: Trace, atNs: number): string | null {
  if (!plan.daemon.capabilities.leader) return null;
  const gone = plan.members.filter((member) => {
    const wentNs = lastUntil(rigEventsOf(trace, 'gone', member), atNs)?.atNs;
    return wentNs !== undefined && firstFrom(rigEventsOf(trace, 'launching', member), wentNs) === undefined;
  });
  if (gone.length * 2 < Math.min(plan.members.length, ALL_VOTE)) return null;
  return `${gone.join(' and ')} had gone, which may have cost the database its quorum, so that nobody could be asked`;
}

function differences(member: string, acknowledged: Records, found: Records): string[] {
  const keys = Object.keys(acknowledged);
  const lost = keys.filter((key) => !(key in found));
  const changed = keys.filter((key) => key in found && found[key] !== acknowledged[key]);
  const some = (of: readonly string[]): string => of.slice(0, NAMED).join(', ');
  return [
    ...(lost.length === 0 ? [] : [`${member} lacks ${lost.length} of ${keys.length}: ${some(lost)}`]),
    ...(changed.length === 0
      ? []
      : [`${member} has other values for ${changed.length} of ${keys.length}: ${some(changed)}`]),
  ];
}

function whyUnread(trace: Trace, member: string): string {
  const because = rigEvents(trace, 'unread').find((event) => event.member === member)?.because;
  return `could not be asked for its records: ${because ?? 'it does not say why'}`;
}

/**
 * From its opening, before the roll or in it, until it is told to stop, a member serves every request. That it is slow is not
 * that it refuses: a time-out leaves the question open.
 */
export function openMembersServe({ plan, trace }: Evidence): Check {
  const name = 'open-serves';
  if (!plan.daemon.capabilities.records) return notApplicable(name, NO_RECORDS);
  const failures = plan.members
    .flatMap((member) => failuresWhileOpen(trace, member))
    .filter((failure) => !refusalAllowed(plan, trace, failure));
  const idle = plan.members.flatMap((member) =>
    OPERATIONS.filter((operation) => served(trace, member, operation) === 0).map((operation) => ({
      member,
      operation,
    })),
  );
  const words = (failure: (typeof failures)[number]): string => {
    const { member, operation, how, because } = failure;
    if (how !== 'wrong') return `${member} was open and did not serve a ${operation}: ${because}`;
    return `${member} was open and answered reads wrongly, ${wrongFor(trace, failure)}: ${because}`;
  };
  const late = failures.filter(({ how }) => how === 'timeout');
  const neverServed = cameToItsEnd(trace)
    ? idle.filter(({ member, operation }) => !late.some((one) => one.member === member && one.operation === operation))
    : [];
  const faults = [
    ...failures.filter(({ how }) => how !== 'timeout').map(words),
    ...neverServed.map(({ member, operation }) => `${member} never served a ${operation}`),
  ];
  if (faults.length > 0) return broken(name, listed([...new Set(faults)]));
  if (late.length > 0) {
    const lags = new Set(late.flatMap(({ sinceNs, atNs }) => lagsWithin(trace, sinceNs, atNs)));
    return cannotTell(name, withLag(listed([...new Set(late.map(words))]), [...lags]));
  }
  return holds(name, 'no open member refused a read or a write');
}

/** From when a wrong answer was asked for, to the first right one or the member's end: `for 1.2 s, until it was told to stop`. */
function wrongFor(trace: Trace, { member, operation, atNs, sinceNs }: RigEvent & { rig: 'unavailable' }): string {
  const right = firstFrom(
    rigEventsOf(trace, 'available', member).filter((event) => event.operation === operation),
    atNs,
  );
  const end = firstFrom(
    (['stopping', 'killing', 'gone'] as const)
      .flatMap((name): ReadonlyArray<{ atNs: number }> => rigEventsOf(trace, name, member))
      .toSorted((one, other) => one.atNs - other.atNs),
    atNs,
  );
  const isHealed = right !== undefined && (end === undefined || right.atNs < end.atNs);
  const untilNs = (isHealed ? right : end)?.atNs ?? atNs;
  const until = isHealed ? 'it answered rightly' : 'it was stopped';
  return `for ${formatDuration((untilNs - sinceNs) / 1e6)}, until ${until}`;
}

function withLag(words: string, lags: Parameters<typeof lagWords>[0]): string {
  return lags.length === 0 ? words : `${words}; ${lagWords(lags)}`;
}

function failuresWhileOpen(trace: Trace, member: string) {
  const failures = rigEventsOf(trace, 'unavailable', member);
  if (failures.length === 0) return [];
  // They are told one after another, so that of one interval they lie side by side.
  return openIntervals(trace, member).flatMap(({ fromNs, toNs, goesByItself }) => {
    // Its connections break when its process ends, and that is known a little later: the exit is for other checks.
    const brokenNs = goesByItself ? toNs - KNOWN_TO_GO_NS : toNs;
    return failures
      .slice(placeUntil(failures, fromNs) + 1, placeBefore(failures, toNs) + 1)
      .filter(({ sinceNs, atNs, how }) => sinceNs > fromNs && (how !== 'unreachable' || atNs < brokenNs));
  });
}

/** An exit is told once all that the member had printed has been read, and a container's once its engine says so. */
const KNOWN_TO_GO_NS = 2e9;

interface OpenInterval {
  readonly fromNs: number;
  readonly toNs: number;
  /** Whether it ended because the member went, and nobody had told it to. */
  readonly goesByItself: boolean;
}

function openIntervals(trace: Trace, member: string): OpenInterval[] {
  const ends = (['stopping', 'killing', 'gone'] as const)
    .flatMap((name): ReadonlyArray<{ atNs: number; rig: string }> => rigEventsOf(trace, name, member))
    .toSorted((one, other) => one.atNs - other.atNs);
  const events = eventsOf(trace, member);
  // Whoever says that it gives up has stopped serving; over a patch that it could not run, at once.
  const sayings = events.filter(
    (event) => event.event === 'exiting' || (event.event === 'patched' && typeof event.outcome !== 'string'),
  );
  return events
    .filter((event) => event.event === 'open' && !isEnding(trace, member, event.atNs))
    .map(({ atNs }) => {
      const end = ends[placeUntil(ends, atNs) + 1];
      const toNs = end?.atNs ?? Number.POSITIVE_INFINITY;
      const saidNs = sayings[placeUntil(sayings, atNs) + 1]?.atNs ?? toNs;
      return { fromNs: atNs, toNs: Math.min(toNs, saidNs), goesByItself: end?.rig === 'gone' };
    });
}

/** Whether it had been told to stop in this life, and had not heard that yet. */
function isEnding(trace: Trace, member: string, atNs: number): boolean {
  const told = lastUntil(rigEventsOf(trace, 'stopping', member), atNs);
  const launch = lastUntil(rigEventsOf(trace, 'launching', member), atNs);
  return told !== undefined && launch !== undefined && told.atNs > launch.atNs;
}

function served(trace: Trace, member: string, operation: Operation): number {
  return rigEventsOf(trace, 'tally', member).find((event) => event.operation === operation)?.served ?? 0;
}
