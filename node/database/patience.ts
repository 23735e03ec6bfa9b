/**
 * Trying again what passes, for as long as somebody is prepared to wait, and with the event loop free meanwhile: a member
 * that waits for its database still answers, and still stops when it is told to.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { nowMs } from '../clock.ts';
import { formatDuration } from '../duration.ts';
import { PassingError, UnavailableError } from './database.ts';
import type { Limits } from './turns.ts';

export interface Patience {
  /** Milliseconds; Infinity is for ever. */
  readonly patienceMs: number;
  /** Aborts when the database is closed. */
  readonly closing: AbortSignal;
  /** The longest pause after an error; pauses grow up to it. */
  readonly longestPauseMs: (error: PassingError) => number;
  /** Told what is waited for where that takes noticeably long, and null when it has gone by. */
  readonly onTrouble: (trouble: string | null) => void;
  /** How long a try may go on failing with this error before it counts as trouble. */
  readonly troubleAfterMs: (error: PassingError) => number;
}

const FIRST_PAUSE_MS = 1;

/**
 * Try until it is done, fails for good, or has been tried for long enough.
 * @param attempt made once at least; a PassingError of it is what passes
 * @throws UnavailableError saying what was in the way; the signal's reason where the database is closed meanwhile
 */
export async function patiently<Result>(
  attempt: (limits: Limits) => Promise<Result>,
  { patienceMs, closing, longestPauseMs, onTrouble, troubleAfterMs }: Patience,
): Promise<Result> {
  const startMs = nowMs();
  const untilMs = startMs + patienceMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
    closing.throwIfAborted();
    try {
      const result = await attempt({ untilMs, closing });
      onTrouble(null);
      return result;
    } catch (error) {
      closing.throwIfAborted();
      if (!(error instanceof PassingError)) throw error;
      const triedMs = nowMs() - startMs;
      if (triedMs >= patienceMs) {
        throw new UnavailableError(`${error.message}; it was tried for ${formatDuration(triedMs)}`, { cause: error });
      }
      if (triedMs >= troubleAfterMs(error)) onTrouble(error.message);
      // Jittered, so that members that collided do not collide again.
      const jitteredMs = Math.min(pauseMs, longestPauseMs(error)) * (0.5 + Math.random());
      await pause(Math.min(jitteredMs, patienceMs - triedMs), closing);
    }
  }
}

async function pause(durationMs: number, closing: AbortSignal): Promise<void> {
  try {
    await sleep(durationMs, undefined, { signal: closing });
  } catch (error) {
    closing.throwIfAborted();
    throw error;
  }
}
