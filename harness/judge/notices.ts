/**
 * Whether every notice that came in was sent by a member of this roll, and whoever was woken by one tells of it. One that was
 * not may have woken somebody who would have stalled, so nothing that it did proves anything.
 */
import { GATE_WORDS } from '../../node/words.ts';
import { tells } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { eventsOf, type Trace } from '../trace/trace.ts';
import { type Check, type Evidence, eachOf, judged, notApplicable } from './evidence.ts';
import { type Incarnation, incarnationsOf, sinceNs } from './incarnations.ts';
import { AFTERWARDS_NS, untoldLives } from './spells.ts';

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
      // Who was killed just as it sent, or soon after, may not have come to tell of it.
      if (untoldLives(trace, event.from).some(({ killedNs }) => Math.abs(killedNs - event.atNs) < AFTERWARDS_NS))
        return [];
      const made = { delivered: 'woke it', latched: 'was kept', dropped: 'came for nothing' }[event.disposition];
      return [`a notice (${event.kind}) that no member sent came to ${member} as from ${event.from}, and ${made}`];
    }),
  );
  const untold = untoldWakings(plan, trace);
  if (received === 0 && untold.length === 0) return notApplicable(name, 'no notice came in');
  return judged(name, [...faults, ...untold], `${eachOf(received, 'notice')} that came in was sent by a member`);
}

/** The wakings by notices of which nobody says that they came. Of a daemon that does not tell the cause, none is known. */
function untoldWakings(plan: Plan, trace: Trace): string[] {
  if (plan.daemon.capabilities.cause !== 'told') return [];
  return plan.members.flatMap((member) => incarnationsOf(plan, trace, member).flatMap(untoldIn));
}

/**
 * One that is kept may wake at any later park, and only once; one of both kinds once at each of the two gates, or, where it woke at one as it
 * came, at the other.
 */
function untoldIn({ member, parks, notices }: Incarnation): string[] {
  const kept = notices.flatMap((notice) => {
    const times = (notice.disposition === 'latched' ? 1 : 0) + (notice.kind === 'both' ? 1 : 0);
    return notice.disposition === 'dropped' ? [] : Array.from({ length: times }, () => notice);
  });
  const delivered = notices.filter(({ disposition }) => disposition === 'delivered');
  return parks.flatMap(({ gate, fromNs, toNs, by, isReckoned }) => {
    if (by !== 'notice' || isReckoned || toNs === null) return [];
    if (delivered.some((notice) => notice.atNs >= fromNs && sinceNs(notice) <= toNs)) return [];
    const [first] = kept;
    if (first !== undefined && sinceNs(first) <= toNs) {
      kept.shift();
      return [];
    }
    return [`${member} was woken at ${GATE_WORDS[gate]} by a notice, and does not tell that any came`];
  });
}
