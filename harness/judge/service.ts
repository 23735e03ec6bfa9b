/** Checks of service: no record is lost, and a member that is open serves. */
import { eventsOf, type Operation, type Records, rigEvents, type Trace } from '../trace/trace.ts';
import type { Check, Evidence } from './evidence.ts';
import { isOpenAtEnd } from './exits.ts';

/** How many of the records that are missing are named. */
const NAMED = 5;

/** Every record whose writing was acknowledged is there in the end, with its value, through every open member. */
export function noRecordLost({ plan, trace }: Evidence): Check {
  const name = 'no-record-lost';
  const ledger = rigEvents(trace, 'ledger')[0];
  if (ledger === undefined) return { name, holds: false, because: 'the records were never read back' };
  const { acknowledged, found } = ledger;
  const count = Object.keys(acknowledged).length;
  const open = plan.members.filter((member) => isOpenAtEnd(trace, member));
  const faults = [
    ...plan.records
      .filter(({ key }) => !(key in acknowledged))
      .map(({ key }) => `the writing of ${key} was never acknowledged`),
    ...open.filter((member) => found[member] === undefined).map((member) => `${member} ${unread(trace, member)}`),
    ...Object.entries(found).flatMap(([member, records]) => differences(member, acknowledged, records)),
  ];
  if (faults.length > 0) return { name, holds: false, because: faults.join('; ') };
  if (open.length === 0) return { name, holds: true, because: 'no member was open at the end to be asked' };
  if (count === 0)
    return { name, holds: false, because: 'no writing of a record was acknowledged, so nothing was tried' };
  return {
    name,
    holds: true,
    because: `all ${count} acknowledged records were there, read through ${open.join(', ')}`,
  };
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

function unread(trace: Trace, member: string): string {
  const because = rigEvents(trace, 'unread').find((event) => event.member === member)?.because;
  return `could not be asked for its records: ${because ?? 'it does not say why'}`;
}

/** From its opening, before the roll or in it, until it is told to stop, a member serves every request. */
export function openMembersServe({ plan, trace }: Evidence): Check {
  const refused = plan.members.flatMap((member) =>
    openIntervals(trace, member).flatMap(({ fromNs, toNs }) =>
      rigEvents(trace, 'unavailable')
        .filter((event) => event.member === member && event.sinceNs > fromNs && event.atNs < toNs)
        .map((event) => `${member} was open and did not serve a ${event.operation}: ${event.because}`),
    ),
  );
  const idle = plan.members.flatMap((member) =>
    (['read', 'write'] as const)
      .filter((operation) => served(trace, member, operation) === 0)
      .map((operation) => `${member} never served a ${operation}`),
  );
  const faults = [...new Set([...refused, ...idle])];
  return {
    name: 'open-serves',
    holds: faults.length === 0,
    because: faults.join('; ') || 'no open member refused a read or a write',
  };
}

function openIntervals(trace: Trace, member: string): Array<{ fromNs: number; toNs: number }> {
  const ends = [...rigEvents(trace, 'stopping'), ...rigEvents(trace, 'gone')].filter(
    (event) => event.member === member,
  );
  const openings = eventsOf(trace, member).filter((event) => event.event === 'open');
  return openings.map(({ atNs }) => {
    const later = ends.map((event) => event.atNs).filter((endNs) => endNs > atNs);
    return { fromNs: atNs, toNs: Math.min(Number.POSITIVE_INFINITY, ...later) };
  });
}

function served(trace: Trace, member: string, operation: Operation): number {
  return (
    rigEvents(trace, 'tally').find((event) => event.member === member && event.operation === operation)?.served ?? 0
  );
}
