/** Two rolls side by side, as text for a terminal. */
import colors from 'picocolors';
import type { Verdict } from '../judge/judge.ts';
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../trace/trace.ts';
import { differencesOf } from './figures.ts';
import { printable } from './printable.ts';
import { plainTable } from './terminal.ts';
import { timeline } from './timeline.ts';

export interface Side {
  readonly label: string;
  readonly plan: Plan;
  readonly trace: Trace;
  readonly verdict: Verdict;
}

/** Timelines, figures and verdicts of both sides. */
export function comparison(sides: readonly Side[]): string {
  return [...sides.map(sideText), figures(sides), '', ...sides.map(verdictText)].join('\n');
}

function sideText({ label, plan, trace }: Side): string {
  return [colors.bold(label), ...timeline(plan, trace), ''].join('\n');
}

function figures(sides: readonly Side[]): string {
  const table = plainTable(['member', 'figure', ...sides.map((side) => side.label)]);
  let last = '';
  for (const { member, figure, cells } of differencesOf(sides.map(({ verdict }) => verdict.members))) {
    const texts = cells.map(({ text, isBad }) => (isBad ? colors.red(text) : text));
    table.push([member === last ? '' : member, figure, ...texts]);
    last = member;
  }
  return table.toString();
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
