/**
 * What ended a park of a daemon that does not tell: reckoned from how long it lasted. A park that lasted a whole number of
 * timers, within a tolerance, was ended by the timer; any other, by a notice, since nothing else ends one.
 */
import type { Cause } from '../../node/events.ts';
import type { Timer } from '../plan/daemon.ts';

/** A timer comes late, on a busy machine; early only by what its clock is rounded. */
const EARLY_MS = 5;

/**
 * @param shortestMs how long the park lasted at the least
 * @param longestMs and at the most; both are the same where its ends are known exactly
 * @param timer null where it is not known how long a member waits: then nothing can be reckoned
 * @param sawNotice whether a notice was seen to come in as the park ended: it tells where the length alone does not
 */
export function reckonedCause(shortestMs: number, longestMs: number, timer: Timer | null, sawNotice = false): Cause {
  if (timer === null) return 'unknown';
  const { everyMs, toleranceMs } = timer;
  const earlyMs = Math.min(EARLY_MS, toleranceMs);
  // Both of these bound the number of timers that the park may have lasted.
  const fewest = Math.max(1, Math.ceil((shortestMs - toleranceMs) / everyMs));
  const most = Math.floor((longestMs + earlyMs) / everyMs);
  if (fewest > most || sawNotice) return 'notice';
  const isWithin =
    Math.abs(shortestMs - fewest * everyMs) <= toleranceMs && Math.abs(longestMs - most * everyMs) <= toleranceMs;
  return isWithin ? 'timer' : 'unknown';
}
