/**
 * Whether every notice that came in was sent by a member of this roll. One that was not may have woken somebody who would
 * have stalled, so nothing that it did proves anything.
 */
import { tells } from '../plan/daemon.ts';
import { eventsOf } from '../trace/trace.ts';
import { type Check, type Evidence, eachOf, judged, notApplicable } from './evidence.ts';

export function noticesFromMembers({ plan, trace }: Evidence): Check {
  const name = 'notices';
  if (!tells(plan.daemon, 'noticed') || !tells(plan.daemon, 'notifying'))
    return notApplicable(name, 'it is not told who sent and who received a notice');
  const sent = new Map<string, Set<string>>();
  for (const member of plan.members) {
    for (const event of eventsOf(trace, member)) {
      if (event.event === 'notifying') sent.set(`${member} ${event.notice} ${event.kind}`, new Set(event.peers));
    }
  }
  let received = 0;
  const faults = plan.members.flatMap((member) =>
    eventsOf(trace, member).flatMap((event) => {
      if (event.event !== 'noticed') return [];
      received += 1;
      const peers = sent.get(`${event.from} ${event.notice} ${event.kind}`);
      if (peers?.has(member)) return [];
      const made = { delivered: 'woke it', latched: 'was kept', dropped: 'came for nothing' }[event.disposition];
      return [`a notice (${event.kind}) that no member sent came to ${member} as from ${event.from}, and ${made}`];
    }),
  );
  if (received === 0) return notApplicable(name, 'no notice came in');
  return judged(name, faults, `${eachOf(received, 'notice')} that came in was sent by a member`);
}
