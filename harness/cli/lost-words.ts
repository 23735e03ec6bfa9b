/** How often the rolls of one side stood still, in a sentence. */
import { formatDuration } from '../../node/duration.ts';
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
