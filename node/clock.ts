/**
 * The clock of every event: nanoseconds of CLOCK_MONOTONIC. All processes and containers of one kernel read the same
 * clock, so that events of different members can be put in order. A number holds it exactly for 104 days of uptime,
 * and to within two nanoseconds beyond.
 */
export function nowNs(): number {
  return Number(process.hrtime.bigint());
}

/** The same in milliseconds, for what a process times by itself. Not performance.now(), which loads a module for it. */
export function nowMs(): number {
  return nowNs() / 1e6;
}

/** When this process was started, on the same clock. */
export function processStartNs(): number {
  // In this order: a process that does not get to run between the two readings
  // was started later by that, and never before the one whose place it takes had ended.
  const aliveS = process.uptime();
  return Math.round(nowNs() - aliveS * 1e9);
}
