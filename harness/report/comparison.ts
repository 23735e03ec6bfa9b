/** Two rolls side by side, as text for a terminal. */
import colors from 'picocolors';
import type { Verdict } from '../judge/judge.ts';
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../trace/trace.ts';
import { differencesOf, FIGURES } from './figures.ts';
import { printable } from './printable.ts';
import { FILE, fullestThatFits, type Screen, wrapped } from './screen.ts';
import { tableText } from './table.ts';
import { mostTellingMembers } from './terminal.ts';
import { timeline } from './timeline.ts';

export interface Side {
  readonly label: string;
  readonly plan: Plan;
  readonly trace: Trace;
  readonly verdict: Verdict;
}

/** What of a comparison is told. */
interface Told {
  /** How many members are told of. */
  readonly most: number;
  readonly figures?: boolean;
  readonly legend?: boolean;
  /** Why a side stalled. */
  readonly because?: boolean;
}

/**
 * Timelines, figures and verdicts of both sides; no longer than the screen. Members that stand for others go first, then what can
 * be looked up.
 * @param place where the rest is
 */
export function comparison(sides: readonly Side[], place: string, screen: Screen = FILE): string {
  const all = sides[0]?.verdict.members.length ?? 0;
  const text = (told: Told) => (): readonly string[] => comparisonOf(sides, told, place, screen);
  const whole = text({ most: all })();
  const perMember = sides.length + FIGURES.length;
  const excess = Math.ceil((whole.length + 1 - screen.rows) / perMember);
  const few = Math.min(all, FEWEST_MEMBERS);
  return fullestThatFits(
    [
      () => whole,
      text({ most: Math.max(1, all - excess) }),
      text({ most: few, figures: false }),
      text({ most: few, figures: false, legend: false }),
      text({ most: 1, figures: false, legend: false }),
      text({ most: few, figures: false, because: false }),
      text({ most: few, figures: false, legend: false, because: false }),
      text({ most: 0, figures: false, because: false }),
    ],
    screen.rows,
  ).join('\n');
}

const FEWEST_MEMBERS = 3;

function comparisonOf(sides: readonly Side[], told: Told, place: string, screen: Screen): string[] {
  const { most, figures: hasFigures = true, legend = true, because = true } = told;
  const all = sides[0]!.verdict.members;
  // The first side shows what the flag is for.
  const names = new Set(mostTellingMembers(all, most).map(({ name }) => name));
  const isShown = (member: string): boolean => most === all.length || names.has(member);
  const left = all.length - most;
  const lanes = ({ label, plan, trace }: Side): string[] => [
    colors.bold(label),
    ...timeline(plan, trace, { isShown, hasLegend: legend, screen }),
    '',
  ];
  return [
    ...(most === 0 ? [] : sides.flatMap(lanes)),
    ...(hasFigures ? [figures(sides, isShown, screen)] : []),
    ...(left > 0 && most > 0 ? [colors.dim(`… and ${left} more members: ${place} has all of them`)] : []),
    ...(hasFigures || (left > 0 && most > 0) ? [''] : []),
    ...sides.map((side) => wrapped(verdictText(side, because), screen)),
  ].flatMap((text) => text.split('\n'));
}

function figures(sides: readonly Side[], isShown: (member: string) => boolean, screen: Screen): string {
  const shown = differencesOf(sides.map(({ verdict }) => verdict.members)).filter(({ member }) => isShown(member));
  const rows = shown.map(({ member, figure, cells }, index) => [
    member === shown[index - 1]?.member ? '' : member,
    figure,
    ...cells.map(({ text, isBad }) => (isBad ? colors.red(text) : text)),
  ]);
  return tableText(['member', 'figure', ...sides.map((side) => side.label)], rows, screen);
}

function verdictText({ label, verdict }: Side, isExplained: boolean): string {
  const because = isExplained ? verdict.stalls[0]?.because : undefined;
  const mark = {
    holds: colors.green('holds'),
    broken: colors.red('does not hold'),
    unknown: colors.yellow('is unknown'),
  }[verdict.outcome];
  return `${colors.bold(label)}: ${mark}. ${printable(verdict.sentence)}${because === undefined ? '' : ` ${printable(because)}`}`;
}
