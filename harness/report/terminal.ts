/** A roll as text for a terminal: figures, timeline, checks, and the verdict in a sentence. */
import Table from 'cli-table3';
import colors from 'picocolors';
import { formatDuration } from '../../node/duration.ts';
import type { MemberFigures } from '../judge/figures.ts';
import type { Verdict } from '../judge/judge.ts';
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../trace/trace.ts';
import { FIGURES } from './figures.ts';
import { timeline } from './timeline.ts';

/** The report of one roll, below its headline. */
export function terminalReport(plan: Plan, trace: Trace, verdict: Verdict): string {
  const because = verdict.stalls[0]?.because;
  return [
    figuresTable(verdict.members),
    '',
    ...timeline(plan, trace),
    '',
    ...verdict.checks.map(
      (check) => `${check.holds ? colors.green('holds ') : colors.red('BROKEN')}  ${check.name}: ${check.because}`,
    ),
    '',
    verdictLine(verdict),
    ...(because === undefined ? [] : [because]),
  ].join('\n');
}

/** What was rolled, and how. */
export function headline(plan: Plan): string {
  const seed = plan.seed === null ? '' : ` (seed ${plan.seed})`;
  return (
    `${plan.name}: ${plan.members.length} members, ${plan.from} → ${plan.to}, order ${plan.order.join(', ')}${seed}, ` +
    `strategy ${plan.strategy}, wake-ups ${plan.wakeups}, wait ${formatDuration(plan.waitMs)}`
  );
}

export function verdictLine(verdict: Verdict): string {
  const word = verdict.holds ? colors.green('The verdict holds.') : colors.red('The verdict does not hold.');
  return `${colors.bold(word)} ${verdict.sentence}`;
}

function figuresTable(members: readonly MemberFigures[]): string {
  const table = plainTable(['member', ...FIGURES.map(({ name }) => name)]);
  for (const member of members) {
    const cells = FIGURES.map(({ show, isBad }) => (isBad(member) ? colors.red(show(member)) : show(member)));
    table.push([member.name, ...cells]);
  }
  return table.toString();
}

/** A table with a line below its headings, and no other. */
export function plainTable(headings: readonly string[]): Table.Table {
  const none = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
  };
  const inner = { left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' };
  return new Table({
    head: headings.map((heading) => colors.dim(heading)),
    chars: { ...none, ...inner },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
}
