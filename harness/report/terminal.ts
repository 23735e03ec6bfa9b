/** A roll as text for a terminal: figures, timeline, checks, and the verdict in a sentence. */
import colors from 'picocolors';
import { formatDuration } from '../../node/duration.ts';
import type { Check } from '../judge/evidence.ts';
import type { MemberFigures } from '../judge/figures.ts';
import type { Verdict, VerdictOutcome } from '../judge/judge.ts';
import type { PlannedDaemon } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../trace/trace.ts';
import { FIGURES } from './figures.ts';
import { givenLines } from './given.ts';
import { printable } from './printable.ts';
import { FILE, type Screen, shortList, wrapped } from './screen.ts';
import { tableText } from './table.ts';
import { timeline } from './timeline.ts';

/**
 * The report of one roll, below its headline; no longer than the screen. What a person can do without goes first: checks that
 * hold, and members that stand for others.
 */
export function terminalReport(plan: Plan, trace: Trace, verdict: Verdict, screen: Screen = FILE): string {
  const because = verdict.stalls[0]?.because;
  const ending = [verdictLine(verdict), ...(because === undefined ? [] : [printable(because)])];
  const given = givenLines(plan);
  const report = (members: readonly MemberFigures[], checks: readonly string[]): string[] => {
    const names = new Set(members.map(({ name }) => name));
    const left = verdict.members.length - members.length;
    return [
      ...(given.length === 0 ? [] : [...given.map((line) => colors.dim(wrapped(line, screen))), '']),
      figuresTable(members, screen),
      ...(left > 0
        ? [colors.dim(wrapped(`… and ${left} more members, none of them slower or worse: ${REPORT} has them`, screen))]
        : []),
      '',
      ...timeline(plan, trace, { isShown: (member) => left === 0 || names.has(member), screen }),
      '',
      ...checks,
      '',
      ...ending.map((text) => wrapped(text, screen)),
    ].flatMap((text) => text.split('\n'));
  };
  const whole = report(verdict.members, checkLines(verdict.checks, screen));
  if (whole.length <= screen.rows) return whole.join('\n');
  const few = fewCheckLines(verdict.checks, screen);
  const short = report(verdict.members, few);
  if (short.length <= screen.rows) return short.join('\n');
  // Each member has a line in the table and one in the timeline.
  const excess = Math.ceil((short.length + 1 - screen.rows) / 2);
  const most = Math.max(FEWEST_MEMBERS, verdict.members.length - excess);
  const shown = mostTellingMembers(verdict.members, most);
  const fewLines = few.flatMap((line) => line.split('\n'));
  const room = screen.rows - report(shown, []).length;
  const cutShort = shortList(fewLines, Math.max(FEWEST_CHECK_LINES, room), (left) =>
    colors.dim(`… and ${left} lines more of the checks: ${REPORT}`),
  );
  return report(shown, cutShort).join('\n');
}

const REPORT = 'report.txt in its folder';
const FEWEST_MEMBERS = 3;
const FEWEST_CHECK_LINES = 3;

/** The members that a verdict is against, and then those that opened latest, in their own order. */
export function mostTellingMembers(members: readonly MemberFigures[], most: number): MemberFigures[] {
  const openedMs = ({ timeToOpenMs }: MemberFigures): number => timeToOpenMs ?? Number.POSITIVE_INFINITY;
  const worst = members.toSorted(
    (one, other) => other.stallMs - one.stallMs || compare(openedMs(other), openedMs(one)),
  );
  const chosen = new Set(worst.slice(0, most));
  return members.filter((member) => chosen.has(member));
}

function compare(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

/** `holds    opened: all 3 members open at the end`, each wrapped below its name */
function checkLines(checks: readonly Check[], screen: Screen): string[] {
  return checks.map((check) => {
    const line = `${checkWord(check)}  ${check.name}: ${printable(check.because)}`;
    return wrapped(line, screen, CHECK_INDENT);
  });
}

const CHECK_INDENT = 9;

/** What does not hold or is not known, each, and the rest counted. */
function fewCheckLines(checks: readonly Check[], screen: Screen): string[] {
  const telling = checks.filter(({ outcome, leavesOpen }) => outcome === 'broken' || leavesOpen);
  const holding = checks.filter(({ outcome }) => outcome === 'holds').length;
  const others = checks.length - telling.length - holding;
  const also = others === 0 ? '' : `, ${others} do not apply`;
  return [
    ...checkLines(telling, screen),
    wrapped(`${colors.green('holds  ')}  ${holding} checks${also}: ${REPORT} names them`, screen, CHECK_INDENT),
  ];
}

/** What was rolled, and how. */
export function headline(plan: Plan): string {
  const seed = plan.seed === null ? '' : ` (seed ${plan.seed})`;
  return `${titleOf(plan)}, order ${orderWords(plan.order)}${seed}, ${daemonWords(plan.daemon)}`;
}

/** The same in a line that is short however many members there are. */
export function titleOf(plan: Plan): string {
  return `${plan.name}: ${plan.members.length} members, ${plan.from} → ${plan.to}`;
}

/** So many names are read; more are looked up. */
const MOST_IN_ORDER = 8;

function orderWords(order: readonly string[]): string {
  if (order.length <= MOST_IN_ORDER) return order.join(', ');
  return `${order.slice(0, MOST_IN_ORDER - 2).join(', ')}, … ${order.at(-1)}`;
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

function figuresTable(members: readonly MemberFigures[], screen: Screen): string {
  const rows = members.map((member) => [
    member.name,
    ...FIGURES.map(({ show, isBad }) => (isBad(member) ? colors.red(show(member)) : show(member))),
  ]);
  return tableText(['member', ...FIGURES.map(({ name }) => name)], rows, screen);
}
