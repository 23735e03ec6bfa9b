/** A roll as text for a terminal: figures, timeline, checks, and the verdict in a sentence. */
import Table from 'cli-table3';
import colors from 'picocolors';
import { formatDuration } from '../../node/duration.ts';
import type { Check } from '../judge/evidence.ts';
import type { MemberFigures } from '../judge/figures.ts';
import type { Verdict, VerdictOutcome } from '../judge/judge.ts';
import type { PlannedDaemon } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../trace/trace.ts';
import { FIGURES } from './figures.ts';
import { printable } from './printable.ts';
import { timeline } from './timeline.ts';

/** The report of one roll, below its headline. */
export function terminalReport(plan: Plan, trace: Trace, verdict: Verdict): string {
  const because = verdict.stalls[0]?.because;
  return [
    figuresTable(verdict.members),
    '',
    ...timeline(plan, trace),
    '',
    ...verdict.checks.map((check) => `${checkWord(check)}  ${check.name}: ${printable(check.because)}`),
    '',
    verdictLine(verdict),
    ...(because === undefined ? [] : [printable(because)]),
  ].join('\n');
}

/** What was rolled, and how. */
export function headline(plan: Plan): string {
  const seed = plan.seed === null ? '' : ` (seed ${plan.seed})`;
  return (
    `${plan.name}: ${plan.members.length} members, ${plan.from} → ${plan.to}, order ${plan.order.join(', ')}${seed}, ` +
    daemonWords(plan.daemon)
  );
}

/** A verdict in a word. */
export const VERDICT_WORDS: Readonly<Record<VerdictOutcome, string>> = {
  holds: colors.green('holds'),
  broken: colors.red('BROKEN'),
  unknown: colors.yellow('unknown'),
};

function checkWord({ outcome, leavesOpen }: Check): string {
  switch (outcome) {
    case 'holds':
      return colors.green('holds  ');
    case 'broken':
      return colors.red('BROKEN ');
    case 'not-applicable':
      return leavesOpen ? colors.yellow('unknown') : colors.dim('n/a    ');
  }
}

/** How a plan's daemon goes about its upgrade, as far as it is known. */
function daemonWords({ name, capabilities, model, timer }: PlannedDaemon): string {
  const wait = timer === null ? '' : `, wait ${formatDuration(timer.everyMs)}`;
  // Whoever can be held at failpoints is ours, and is told its strategy; of another it is a model.
  if (model === null) return `daemon ${name}${wait}`;
  const strategy = `strategy ${model.strategy}, wake-ups ${model.wakeups}${wait}`;
  return capabilities.failpoints ? strategy : `daemon ${name}, modelled as ${strategy}`;
}

export function verdictLine(verdict: Verdict): string {
  const word = {
    holds: colors.green('The verdict holds.'),
    broken: colors.red('The verdict does not hold.'),
    unknown: colors.yellow('The verdict is unknown.'),
  }[verdict.outcome];
  return `${colors.bold(word)} ${printable(verdict.sentence)}`;
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
