/** How often rolls stood still, in sentences. */
import { formatDuration } from '../../node/duration.ts';
import { eventsOf, rigEventsOf } from '../trace/trace.ts';
import type { Rolled } from './roll-plan.ts';

export function stillWords(label: string, rolls: readonly Rolled[]): string {
  const stalls = rolls.flatMap(({ verdict }) => {
    const [longest] = verdict.stalls.map(({ stallMs }) => stallMs).toSorted((one, other) => other - one);
    return longest === undefined ? [] : [longest];
  });
  const lengths = stalls.toSorted((one, other) => one - other).map(formatDuration);
  const lasted = lengths.length === 0 ? '' : ` (${[...new Set([lengths[0], lengths.at(-1)])].join(' to ')})`;
  const doubtful = rolls.filter(({ verdict }) => verdict.outcome !== 'holds').length;
  const rest = doubtful === 0 ? '' : `; ${doubtful} of them not as expected`;
  return `${label}: stood still until a timer in ${stalls.length} of ${rolls.length}${lasted}${rest}`;
}

/** Of rolls in which nothing is held: how often a notice was lost by itself, and for how long it could have been each time. */
export function byItselfWords(rolls: readonly Rolled[]): string {
  const still = rolls.filter(({ verdict }) => verdict.stalls.some(({ brokenBy }) => brokenBy === 'timer'));
  const lost = still.filter(hasLostNotice);
  const [least, most] = wilson(lost.length, rolls.length);
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const others = still.length - lost.length;
  const rest = others === 0 ? '' : `; ${others} more stood still, and no notice had been sent yet`;
  // Where a record was lost, what was seen to be recorded last is another.
  const windows = rolls
    .filter((roll) => !still.includes(roll) || lost.includes(roll))
    .flatMap(windowsOf)
    .toSorted((one, other) => one - other);
  const window =
    windows.length === 0
      ? 'nobody was seen to record what it runs and then to park'
      : `from a commit to its park: median ${formatDuration(windows[Math.floor(windows.length / 2)]!)}, at most ${formatDuration(windows.at(-1)!)}, of ${windows.length} seen`;
  return `by itself, a notice was lost in ${lost.length} of ${rolls.length} (95 % interval: ${percent(least)} to ${percent(most)})${rest}; ${window}`;
}

/** Whether a member stood still whom somebody who had opened had told so: where all wait in a circle, nobody has. */
function hasLostNotice({ verdict }: Rolled): boolean {
  return verdict.stalls.some(
    ({ brokenBy, cycle, member, waiters }) =>
      brokenBy === 'timer' &&
      cycle.length === 0 &&
      waiters.some((waiter) => waiter.member === member && waiter.needs === 'notice'),
  );
}

/** From a member's record, as it was seen, to its first park after it, in milliseconds. */
function windowsOf({ plan, trace }: Rolled): number[] {
  return plan.members.flatMap((member) => {
    const startedNs = rigEventsOf(trace, 'launching', member).at(-1)?.atNs ?? Number.POSITIVE_INFINITY;
    const own = eventsOf(trace, member).filter(({ atNs }) => atNs > startedNs);
    const recorded = own.find((event) => event.event === 'recorded' && event.row.member === member);
    const parked = own.find((event) => event.event === 'parked' && event.atNs > (recorded?.atNs ?? 0));
    return recorded === undefined || parked === undefined ? [] : [(parked.atNs - recorded.atNs) / 1e6];
  });
}

/** The 97.5th percentile of the normal distribution. */
const Z = 1.959964;

/**
 * The interval of Wilson's score at 95 %: in what share of all cases something happens that has happened so often in so many
 * (E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927).
 */
export function wilson(times: number, of: number): readonly [least: number, most: number] {
  const share = times / of;
  const centre = (share + Z ** 2 / (2 * of)) / (1 + Z ** 2 / of);
  const half = (Z / (1 + Z ** 2 / of)) * Math.sqrt((share * (1 - share)) / of + Z ** 2 / (4 * of ** 2));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
