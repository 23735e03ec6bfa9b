/**
 * Whether what members record was read, of a daemon whose rows a description has the rig read: where it was not, nothing follows from
 * what is missing.
 */
import { axesOf } from '../../node/upgrade/gate.ts';
import { count, type Version } from '../../node/upgrade/version.ts';
import { once } from '../host/once.ts';
import { canReckonGates, rulesOf, tells } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { eventsOf, rigEvents, type Trace } from '../trace/trace.ts';
import { refreshedIncarnations } from './incarnations.ts';

/** Whether it can be worked out at every instant of this roll if a gate could pass. */
export function reckonsGates(plan: Plan, trace: Trace): boolean {
  return canReckonGates(plan.daemon) && unreadWords(plan, trace) === null;
}

/** What nobody read, in a sentence; null where all was read that there must have been, or members tell it themselves. */
export function unreadWords(plan: Plan, trace: Trace): string | null {
  if (!canReckonGates(plan.daemon) || tells(plan.daemon, 'checked')) return null;
  return once(UNREAD, trace, () => wordsOf(plan, trace));
}

const UNREAD = new WeakMap<Trace, string | null>();

function wordsOf(plan: Plan, trace: Trace): string | null {
  const launched = new Set(rigEvents(trace, 'launching').map(({ member }) => member));
  const rows = plan.members.flatMap((member) =>
    eventsOf(trace, member).flatMap((event) => (event.event === 'recorded' ? [event.row] : [])),
  );
  const read = new Set(rows.map(({ member }) => member));
  const unread = plan.members.filter((member) => launched.has(member) && !read.has(member));
  if (unread.length > 0) return `no row of ${unread.join(', ')} was ever read`;
  const axes = axesOf(rulesOf(plan.daemon.model!).strategy);
  const isRead = (member: string, version: Version): boolean =>
    rows.some((row) => row.member === member && axes.every((axis) => count(row, axis) === count(version, axis)));
  for (const member of plan.members) {
    for (const { open, started, records } of refreshedIncarnations(plan, trace, member)) {
      // What it has recorded since may be wrong: that is for others to judge.
      if (open !== null && records.length === 0 && !isRead(member, started.version))
        return `no row of ${member} was read since it was started in ${started.version.name}`;
    }
  }
  return null;
}
