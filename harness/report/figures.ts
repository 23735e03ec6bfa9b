/** The figures of a member in words: one table for the terminal, the page and comparisons. */
import { formatDuration } from '../../node/duration.ts';
import type { MemberFigures } from '../judge/figures.ts';

export interface Figure {
  readonly name: string;
  readonly show: (member: MemberFigures) => string;
  /** Whether it is what the verdict is against. */
  readonly isBad: (member: MemberFigures) => boolean;
}

const NONE = '–';

export const FIGURES: readonly Figure[] = [
  { name: 'time-to-open', show: (member) => ranged(member, 'timeToOpenMs'), isBad: never },
  { name: 'parked', show: parked, isBad: never },
  { name: 'waited for', show: (member) => member.waitedFor.join(', ') || NONE, isBad: never },
  { name: 'woken by', show: (member) => member.wokenBy.join(', ') || NONE, isBad: never },
  { name: 'unblock latency', show: (member) => ranged(member, 'unblockLatencyMs'), isBad: never },
  {
    name: 'stall',
    show: (member) => (member.stallMs === 0 ? NONE : formatDuration(member.stallMs)),
    isBad: (member) => member.stallMs > 0,
  },
  { name: 'downtime', show: (member) => ranged(member, 'downtimeMs'), isBad: never },
];

/** One figure of one member, for each of several rolls. */
export interface Difference {
  readonly member: string;
  readonly figure: string;
  readonly cells: ReadonlyArray<{ readonly text: string; readonly isBad: boolean }>;
}

/** The figures of several rolls, side by side: a row a member and figure. */
export function differencesOf(rolls: ReadonlyArray<readonly MemberFigures[]>): Difference[] {
  return (rolls[0] ?? []).flatMap(({ name }) =>
    FIGURES.map(({ name: figure, show, isBad }) => ({
      member: name,
      figure,
      cells: rolls.map((members) => {
        const member = members.find((candidate) => candidate.name === name);
        return member === undefined ? { text: NONE, isBad: false } : { text: show(member), isBad: isBad(member) };
      }),
    })),
  );
}

function parked({ parkedMs }: MemberFigures): string {
  const gates = Object.entries(parkedMs).map(([gate, durationMs]) => `${gate} ${formatDuration(durationMs)}`);
  return gates.join(', ') || NONE;
}

/** An interval of observation matters where it is more than this part of the figure, and more than a moment. */
const MATTERS = 1 / 10;
const MOMENT_MS = 1;

/** A figure, or the range that it lies in where what it rests on was observed and the interval matters. */
function ranged(member: MemberFigures, figure: keyof MemberFigures['atLeastMs']): string {
  const mostMs = member[figure];
  if (mostMs === null) return NONE;
  const leastMs = member.atLeastMs[figure] ?? mostMs;
  const matters = mostMs - leastMs > Math.max(MOMENT_MS, mostMs * MATTERS);
  return matters ? `${formatDuration(leastMs)}–${formatDuration(mostMs)}` : formatDuration(mostMs);
}

function never(): boolean {
  return false;
}
