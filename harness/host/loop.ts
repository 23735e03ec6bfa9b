/** When the rig's event loop was last seen to go round: what it reads now has arrived since, and not before. */
import { nowNs } from '../../node/clock.ts';

const EVERY_MS = 2;

let before = nowNs();
let last = before;
let isRunning = false;

/** Begin to watch; once for the whole process. It holds nobody back from ending. */
export function watchLoop(): void {
  if (isRunning) return;
  isRunning = true;
  setInterval(() => {
    before = last;
    last = nowNs();
  }, EVERY_MS).unref();
}

/**
 * An instant, on the clock of all events, after which something has arrived that is read now. One round of the loop reads
 * what has arrived before it, so that the round before the last is the bound.
 */
export function arrivedSinceNs(): number {
  return before;
}
