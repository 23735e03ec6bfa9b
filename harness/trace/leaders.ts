/** Who led the database and when, as the members told it. */
import { isRigEvent, type Trace } from './trace.ts';

/** From an instant on: the member that leads, or null while there is no leader that anybody knows of. */
export interface Reign {
  readonly fromNs: number;
  readonly leader: string | null;
}

/** Every change of the leader, in order; empty for a database that has none. */
export function reignsOf(trace: Trace): Reign[] {
  const members = new Map<string, string>();
  const reigns: Reign[] = [];
  const begin = (fromNs: number, leader: string | null): void => {
    if (leader !== (reigns.at(-1)?.leader ?? null)) reigns.push({ fromNs, leader });
  };
  for (const event of trace.toSorted((one, other) => one.atNs - other.atNs)) {
    const current = reigns.at(-1)?.leader ?? null;
    if (isRigEvent(event)) {
      // A leader that has been told to stop still hands over; one that is gone leads nobody.
      const isGone = event.rig === 'gone' || event.rig === 'killing';
      if (isGone && event.member === current) begin(event.atNs, null);
    } else if (event.event === 'listening') {
      members.set(event.address, event.member);
    } else if (event.event === 'handed-over' && event.to !== null) {
      begin(event.atNs, members.get(event.to) ?? null);
    } else if (event.event === 'leader') {
      const leader = event.leader === null ? null : (members.get(event.leader) ?? null);
      // That one member knows of no leader does not mean that there is none, unless it was the leader itself.
      if (leader !== null || event.member === current) begin(event.atNs, leader);
    }
  }
  return reigns;
}
