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
  { name: 'time-to-open', show: (member) => orNone(member.timeToOpenMs), isBad: never },
  { name: 'parked', show: parked, isBad: never },
  { name: 'woken by', show: (member) => member.wokenBy.join(', ') || NONE, isBad: never },
  { name: 'unblock latency', show: (member) => orNone(member.unblockLatencyMs), isBad: never },
  {
    name: 'stall',
    show: (member) => (member.stallMs === 0 ? NONE : formatDuration(member.stallMs)),
    isBad: (member) => member.stallMs > 0,
  },
  { name: 'downtime', show: (member) => orNone(member.downtimeMs), isBad: never },
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

function orNone(durationMs: number | null): string {
  return durationMs === null ? NONE : formatDuration(durationMs);
}

function never(): boolean {
  return false;
}
