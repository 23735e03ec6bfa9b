/**
 * Whether members recorded what the machine has them record, where that was seen in the rows of the cluster: a member writes what it
 * runs in the transaction in which it looks at its gate, before it waits or opens. The machine's database loses nothing. One that
 * is replicated may, while a member leaves that leads it: what another has just written is gone then, and that one does not know.
 */
import type { MemberEvent } from '../../node/events.ts';
import { sameVersion } from '../../node/upgrade/version.ts';
import type { Plan } from '../plan/plan.ts';
import { eventsOf, type Trace } from '../trace/trace.ts';
import type { History } from './history.ts';
import { sinceNs } from './incarnations.ts';
import type { Life, Lives } from './lives.ts';

/** What was seen of a roll. */
export interface Seen {
  readonly plan: Plan;
  readonly trace: Trace;
  readonly history: History;
  readonly lives: Lives;
}

/** A row that says what its member did not run when it was written, in words; null where there is none. */
export function wrongRowOf(trace: Trace, lives: Lives, member: string): string | null {
  let beforeNs = Number.NEGATIVE_INFINITY;
  for (const event of eventsOf(trace, member)) {
    if (event.event !== 'recorded') continue;
    const isRun = lives.get(member)!.some(
      ({ incarnation: { started }, goneNs }) =>
        sinceNs(started) <= event.atNs &&
        // What it had recorded of an earlier version is there again where what it wrote since is lost.
        (goneNs >= sinceNs(event) || mayBeLost(lives, member, beforeNs, event.atNs)) &&
        sameVersion(started.version, event.row),
    );
    if (!isRun) {
      const { internal, extensions } = event.row;
      return `is seen to have recorded schema ${internal} and ${extensions.length} API extensions, and did not run that then`;
    }
    beforeNs = event.atNs;
  }
  return null;
}

/**
 * Whether a member may have recorded what it runs before it was seen to wait or to open. Where nobody has read the rows since, that is
 * not known, and it may.
 * @param overNs when that was over
 */
export function mayHaveRecorded(
  { plan, trace, history, lives }: Seen,
  { incarnation: { member, started }, launchedNs }: Life,
  turn: MemberEvent,
  overNs: number,
): boolean {
  const untilNs = turn.atNs;
  const isRecorded = history.moments.some(({ sinceNs: cameNs }, place) => {
    if (cameNs > untilNs) return false;
    const row = history.viewOf(place).rows.find((one) => one.member === member);
    return row !== undefined && sameVersion(row, started.version);
  });
  if (isRecorded) return true;
  // A row that was seen to change had not changed yet when all were read before.
  const isRead = plan.members.some((other) =>
    eventsOf(trace, other).some(
      (event) => event.event === 'recorded' && sinceNs(event) >= untilNs && sinceNs(event) <= overNs,
    ),
  );
  return !isRead || mayBeLost(lives, member, launchedNs, untilNs);
}

/** Whether another member was leaving in a time, so that what was written then may be lost with it. */
function mayBeLost(lives: Lives, member: string, fromNs: number, untilNs: number): boolean {
  return [...lives].some(
    ([other, all]) => other !== member && all.some(({ leavingNs, goneNs }) => leavingNs <= untilNs && goneNs >= fromNs),
  );
}
