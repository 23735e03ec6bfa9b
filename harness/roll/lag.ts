/**
 * The lag of the rig itself: how long its event loop did not get to run. What the rig measures under a lag it measures late,
 * and a time-out under a lag may be its own.
 */
import { performance } from 'node:perf_hooks';

/** How often the loop is looked at. */
const EVERY_MS = 20;
/** A lag from here on is told: far above what a loop in health has, far below any time-out of the rig. */
const TOLD_FROM_MS = 200;

/** Tells every lag at its end, in milliseconds. */
export function watchLag(tell: (forMs: number) => void): { end(): void } {
  let last = performance.now();
  const look = (): void => {
    const now = performance.now();
    const lateMs = now - last - EVERY_MS;
    last = now;
    if (lateMs >= TOLD_FROM_MS) tell(Math.round(lateMs));
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    end: () => {
      clearInterval(timer);
      look();
    },
  };
}
