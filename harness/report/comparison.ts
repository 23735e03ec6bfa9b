/** Two rolls side by side, as text for a terminal. */
import colors from 'picocolors';
import type { Verdict } from '../judge/judge.ts';
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../trace/trace.ts';
import { differencesOf } from './figures.ts';
import { printable } from './printable.ts';
import { FILE, type Screen, wrapped } from './screen.ts';
import { tableText } from './table.ts';
import { mostTellingMembers } from './terminal.ts';
import { timeline } from './timeline.ts';

export interface Side {
  readonly label: string;
  readonly plan: Plan;
  readonly trace: Trace;
  readonly verdict: Verdict;
}

/**
 * Timelines, figures and verdicts of both sides; no longer than the screen, where that can be had by leaving members out.
 * @param place where the rest is
 */
export function comparison(sides: readonly Side[], place: string, screen: Screen = FILE): string {
  const [first] = sides;
  const all = first?.verdict.members ?? [];
  for (let most = all.length; ; most -= 1) {
    const lines = comparisonOf(sides, most, place, screen);
    if (lines.length <= screen.rows || most <= 1) return lines.join('\n');
  }
}

function comparisonOf(sides: readonly Side[], most: number, place: string, screen: Screen): string[] {
  const all = sides[0]!.verdict.members;
  // The first side shows what the flag is for.
  const names = new Set(mostTellingMembers(all, most).map(({ name }) => name));
  const isShown = (member: string): boolean => most === all.length || names.has(member);
  const left = all.length - most;
  return [
    ...sides.map(({ label, plan, trace }) =>
      [colors.bold(label), ...timeline(plan, trace, { isShown, screen }), ''].join('\n'),
    ),
    figures(sides, isShown, screen),
    ...(left > 0 ? [colors.dim(`… and ${left} more members: ${place} has all of them`)] : []),
    '',
    ...sides.map((side) => wrapped(verdictText(side), screen)),
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

function verdictText({ label, verdict }: Side): string {
  const because = verdict.stalls[0]?.because;
  const mark = {
    holds: colors.green('holds'),
    broken: colors.red('does not hold'),
    unknown: colors.yellow('is unknown'),
  }[verdict.outcome];
  return `${colors.bold(label)}: ${mark}. ${printable(verdict.sentence)}${because === undefined ? '' : ` ${printable(because)}`}`;
}
