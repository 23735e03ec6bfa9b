/**
 * The lags of the rig itself: what it measured under one it measured late, and a time-out under one may be its own. Neither
 * is held against a member.
 */
import { formatDuration } from '../../node/duration.ts';
import { type RigEvent, rigEvents, type Trace } from '../trace/trace.ts';

type Lag = RigEvent & { readonly rig: 'lag' };

/** The lags that have a part in an interval. Each is told at its end. */
export function lagsWithin(trace: Trace, fromNs: number, toNs: number): readonly Lag[] {
  return rigEvents(trace, 'lag').filter(({ atNs, forMs }) => atNs >= fromNs && atNs - forMs * 1e6 <= toNs);
}

/** `the rig itself did not get to run for up to 3.2 s, 4 times`; empty where it always did. */
export function lagWords(lags: readonly Lag[]): string {
  if (lags.length === 0) return '';
  const longestMs = lags.reduce((longest, { forMs }) => Math.max(longest, forMs), 0);
  const times = lags.length === 1 ? '' : `, ${lags.length} times`;
  return `the rig itself did not get to run for up to ${formatDuration(longestMs)}${times}`;
}

/** Of a wait, so much in lags may have cost what was waited for; less is nothing beside the rest of it. */
const SHARE_THAT_COUNTS = 0.05;
/** A lag so near to the end of a wait may have kept what had come from being read. */
const AT_THE_END_NS = 1e9;

/**
 * Where the rig gave a member up that it had waited for, or the whole cluster, and may have done so because of a lag while it
 * waited: that lag in words. Null where it gave nobody up, or only after it had looked as good as all the time, and to the end.
 * @param settleLimitMs how long it waits for a cluster to settle
 */
export function gaveUpUnderLag(trace: Trace, settleLimitMs: number): string | null {
  const waits = [
    ...rigEvents(trace, 'finding').map(({ atNs, waitedMs }) => ({ atNs, waitedMs })),
    ...rigEvents(trace, 'unsettled').map(({ atNs }) => ({ atNs, waitedMs: settleLimitMs })),
  ];
  const lags = waits.flatMap(({ atNs, waitedMs }) => {
    if (waitedMs === null) return [];
    const within = lagsWithin(trace, atNs - waitedMs * 1e6, atNs);
    const lostMs = within.reduce((sum, { forMs }) => sum + forMs, 0);
    const isAtEnd = within.some((lag) => lag.atNs >= atNs - AT_THE_END_NS);
    return isAtEnd || lostMs >= waitedMs * SHARE_THAT_COUNTS ? within : [];
  });
  return lags.length === 0 ? null : lagWords(lags);
}
