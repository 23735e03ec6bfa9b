/** Which members went by themselves, and which are open when the roll ends. */
import type { ExitReason } from '../../node/events.ts';
import { eventsOf, rigEvents, type Trace } from '../trace/trace.ts';
import { incarnationsOf } from './incarnations.ts';

/** A member that went, and that the rig had not told to. */
export interface OwnExit {
  readonly member: string;
  readonly atNs: number;
  readonly reason: ExitReason;
  readonly message: string;
}

/** Every time a member went by itself: turned away, failed, told by somebody else, or without a word. */
export function ownExits(trace: Trace, member: string): OwnExit[] {
  const goings = rigEvents(trace, 'gone').filter((event) => event.member === member);
  const starts = [
    ...rigEvents(trace, 'launching').filter((event) => event.member === member),
    ...eventsOf(trace, member).filter((event) => event.event === 'started'),
  ].map((event) => event.atNs);
  return goings.flatMap((gone): OwnExit[] => {
    // The incarnation that this ended: what was told or said before it belongs to another.
    const sinceNs = Math.max(Number.NEGATIVE_INFINITY, ...starts.filter((atNs) => atNs <= gone.atNs));
    const isWithin = (atNs: number): boolean => atNs > sinceNs && atNs <= gone.atNs;
    const wasTold = [...rigEvents(trace, 'stopping'), ...rigEvents(trace, 'killing')].some(
      (event) => event.member === member && isWithin(event.atNs),
    );
    const said = eventsOf(trace, member).findLast((event) => event.event === 'exiting' && isWithin(event.atNs));
    const exiting = said?.event === 'exiting' ? said : null;
    // One that was turned away while the rig was about to stop it was turned away all the same.
    const wasTurnedAway = exiting !== null && exiting.reason !== 'signal' && exiting.reason !== 'tether';
    if (wasTurnedAway) return [{ member, atNs: gone.atNs, reason: exiting.reason, message: `it ${exiting.message}` }];
    if (wasTold) return [];
    const how = exiting === null ? 'without a word' : 'told by a signal that the rig did not send';
    const message = `it went ${how} (exit code ${gone.code}, signal ${gone.signal})`;
    return [{ member, atNs: gone.atNs, reason: 'failed', message }];
  });
}

/** Open in the incarnation that its last start began, and not gone by itself since. */
export function isOpenAtEnd(trace: Trace, member: string): boolean {
  const incarnation = incarnationsOf(trace, member).at(-1);
  if (incarnation === undefined || incarnation.open === null) return false;
  const launchedNs = rigEvents(trace, 'launching').findLast((event) => event.member === member)?.atNs;
  const isLastLife = launchedNs === undefined || incarnation.started.atNs >= launchedNs;
  const openNs = incarnation.open.atNs;
  return isLastLife && !ownExits(trace, member).some((exit) => exit.atNs >= openNs);
}
