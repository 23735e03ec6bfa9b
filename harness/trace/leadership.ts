/** Who led the database and when, as the members told it. */
import { isRigEvent, type Trace } from './trace.ts';

/** From an instant on: the member that leads, or null while there is no leader that anybody knows of. */
export interface Leadership {
  readonly fromNs: number;
  readonly leader: string | null;
}

/** Every change of the leader, in order; empty for a database that has none. */
export function leadershipsOf(trace: Trace): Leadership[] {
  const members = new Map<string, string>();
  const gone = new Set<string>();
  const leaderships: Leadership[] = [];
  const begin = (fromNs: number, leader: string | null): void => {
    if (leader !== (leaderships.at(-1)?.leader ?? null)) leaderships.push({ fromNs, leader });
  };
  for (const event of trace.toSorted((one, other) => one.atNs - other.atNs)) {
    const current = leaderships.at(-1)?.leader ?? null;
    if (isRigEvent(event)) {
      // A leader that has been told to stop still hands over; one that is gone leads nobody.
      if (event.rig === 'gone' || event.rig === 'killing') {
        gone.add(event.member);
        if (event.member === current) begin(event.atNs, null);
      }
      if (event.rig === 'launching') gone.delete(event.member);
    } else if (event.event === 'listening') {
      members.set(event.address, event.member);
    } else if (event.event === 'handed-over' && event.to !== null) {
      begin(event.atNs, members.get(event.to) ?? null);
    } else if (event.event === 'leader') {
      const leader = event.leader === null ? null : (members.get(event.leader) ?? null);
      // That one member knows of no leader does not mean that there is none, unless it was the leader itself; and that
      // it goes on believing in one that is gone does not mean that this one leads.
      if (leader === null ? event.member === current : !gone.has(leader)) begin(event.atNs, leader);
    }
  }
  return leaderships;
}
