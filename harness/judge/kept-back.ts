/**
 * What became of the notices to a member that the plan kept from learning of its own commit: they came, or were sent, when it had
 * recorded what it runs and had not parked yet.
 */
import { noticesTo, rigEventsOf, type Trace } from '../trace/trace.ts';
import type { Incarnation } from './incarnations.ts';

/** As a clause about the past, without a full stop; null where the member was not kept back so before it parked. */
export function keptBackWords(trace: Trace, incarnation: Incarnation, parkedNs: number): string | null {
  const { member, notices } = incarnation;
  const held = rigEventsOf(trace, 'withheld', member).findLast(({ atNs, bytes }) => bytes > 0 && atNs < parkedNs);
  const through = rigEventsOf(trace, 'let-through', member).findLast(({ atNs }) => atNs < parkedNs);
  if (held === undefined || through === undefined) return null;
  const came = notices.filter(
    ({ atNs, disposition }) => disposition === 'dropped' && atNs > held.atNs && atNs < parkedNs,
  );
  const sent = noticesTo(trace, member).filter(({ atNs }) => atNs > held.atNs && atNs < through.atNs);
  const [count, how] = came.length > 0 ? [came.length, 'came'] : [sent.length, 'had been sent to it'];
  const words = count === 0 ? 'whatever told of that came' : `${noticesWords(count)} ${how}`;
  return `${member} had committed, did not know it yet, and ${words} before it parked`;
}

function noticesWords(count: number): string {
  return count === 1 ? 'the only notice' : count === 2 ? 'both notices' : `all ${count} notices`;
}
