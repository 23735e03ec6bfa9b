/** Where a member stands, as the trace has it so far. */
import type { MemberEvent } from '../../node/events.ts';
import { isRigEvent, type Trace } from '../trace/trace.ts';

/** The last thing that tells where a member stands; null where nothing has. */
export type Word = 'launching' | 'parked' | 'open' | 'exiting' | 'gone' | null;

export function lastWord(trace: Trace, member: string): Word {
  for (let index = trace.length - 1; index >= 0; index -= 1) {
    const event = trace[index]!;
    if (!('member' in event) || event.member !== member) continue;
    if (isRigEvent(event)) {
      if (event.rig === 'gone' || event.rig === 'launching') return event.rig;
    } else if (event.event === 'parked' || event.event === 'open' || event.event === 'exiting') {
      return event.event;
    } else if (event.event === 'woken') {
      return 'launching';
    }
  }
  return null;
}

/** Open, or never to be: nothing more is to be waited for. */
export function isEnded(word: Word): boolean {
  return word === 'open' || word === 'exiting' || word === 'gone';
}

/** At rest for now: ended, or parked. */
export function isSettled(word: Word): boolean {
  return word === 'parked' || isEnded(word);
}

/**
 * Whether a member has sat out a whole timer, and parked again, since some other went by itself: who is left then waits
 * for somebody that is gone.
 */
export function waitsInVain(trace: Trace, member: string): boolean {
  const gone = trace.findLastIndex((event) => isRigEvent(event) && event.rig === 'gone');
  const since = trace
    .slice(gone + 1)
    .filter((event): event is MemberEvent => !isRigEvent(event) && event.member === member);
  const isGoneForGood =
    gone >= 0 && !trace.slice(gone + 1).some((event) => isRigEvent(event) && event.rig === 'launching');
  const timers = since.filter((event) => event.event === 'woken' && event.by === 'timer').length;
  return isGoneForGood && timers >= TIMERS_IN_VAIN && lastWord(trace, member) === 'parked';
}

/** The first may have been under way when the other went. */
const TIMERS_IN_VAIN = 2;
