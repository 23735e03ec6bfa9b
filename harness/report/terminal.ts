/** A roll as text for a terminal: figures, timeline, checks, and the verdict in a sentence. */
import colors from 'picocolors';
import { formatDuration } from '../../node/duration.ts';
import type { Check } from '../judge/evidence.ts';
import type { MemberFigures } from '../judge/figures.ts';
import type { Verdict, VerdictOutcome } from '../judge/judge.ts';
import type { PlannedDaemon } from '../plan/daemon.ts';
import { namesOf } from '../plan/describe.ts';
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../trace/trace.ts';
import { FIGURES } from './figures.ts';
import { givenLines } from './given.ts';
import { printable } from './printable.ts';
import { FILE, fullestThatFits, type Screen, wrapped } from './screen.ts';
import { tableText } from './table.ts';
import { timeline } from './timeline.ts';

/** What of a roll is told. */
interface Told {
  readonly members: readonly MemberFigures[];
  readonly checks: readonly string[];
  readonly given?: boolean;
  readonly figures?: boolean;
  readonly legend?: boolean;
  /** Why it stalled. */
  readonly because?: boolean;
}

/**
 * The report of one roll, below its headline; no longer than the screen. What a person can do without goes first: checks that
 * hold, members that stand for others, and what can be looked up.
 */
export function terminalReport(plan: Plan, trace: Trace, verdict: Verdict, screen: Screen = FILE): string {
  const text = (told: Told): string[] => reportOf(plan, trace, verdict, told, screen);
  const { members } = verdict;
  const few = fewCheckLines(verdict.checks, screen);
  const whole = text({ members, checks: checkLines(verdict.checks, screen) });
  if (whole.length <= screen.rows) return whole.join('\n');
  const brief = text({ members, checks: few });
  // Each member has a line in the table and one in the timeline.
  const excess = Math.ceil((brief.length + 1 - screen.rows) / 2);
  const shown = mostTellingMembers(members, Math.max(FEWEST_MEMBERS, members.length - excess));
  const short = (less: Partial<Told>) => (): readonly string[] =>
    text({ members: shown, checks: namedChecks(verdict.checks, screen), given: false, ...less });
  return fullestThatFits(
    [
      () => brief,
      () => text({ members: shown, checks: few, given: false }),
      short({}),
      short({ legend: false }),
      short({ figures: false }),
      short({ figures: false, legend: false }),
      short({ figures: false, because: false }),
      short({ members: [], figures: false, because: false }),
    ],
    screen.rows,
  ).join('\n');
}

function reportOf(plan: Plan, trace: Trace, verdict: Verdict, told: Told, screen: Screen): string[] {
  const { members, checks, given = true, figures = true, legend = true, because = true } = told;
  const names = new Set(members.map(({ name }) => name));
  const left = verdict.members.length - members.length;
  const isShown = (member: string): boolean => left === 0 || names.has(member);
  const stalled = because ? verdict.stalls[0]?.because : undefined;
  const parts = [
    given ? givenLines(plan).map((line) => colors.dim(wrapped(line, screen))) : [],
    figures ? [figuresTable(members, screen)] : [],
    left > 0 && members.length > 0 ? [colors.dim(wrapped(moreMembers(left), screen))] : [],
    members.length > 0 ? timeline(plan, trace, { isShown, hasLegend: legend, screen }) : [],
    checks,
    [verdictLine(verdict), ...(stalled === undefined ? [] : [printable(stalled)])].map((line) => wrapped(line, screen)),
  ];
  return parts
    .filter((part) => part.length > 0)
    .flatMap((part, index) => (index === 0 ? part : ['', ...part]))
    .flatMap((line) => line.split('\n'));
}

function moreMembers(left: number): string {
  return `… and ${left} more members, none of them slower or worse: ${REPORT} has them`;
}

const REPORT = 'report.txt in its folder';
const FEWEST_MEMBERS = 3;

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

/** The names of those that tell something, in a line. */
function namedChecks(checks: readonly Check[], screen: Screen): string[] {
  const broken = checks.filter(({ outcome }) => outcome === 'broken');
  const unknown = checks.filter(({ outcome, leavesOpen }) => outcome !== 'broken' && leavesOpen);
  if (broken.length + unknown.length === 0) return fewCheckLines(checks, screen);
  const named = (word: string, some: readonly Check[]): string[] =>
    some.length === 0 ? [] : [`${word} ${some.map(({ name }) => name).join(', ')}`];
  const words = [...named(colors.red('BROKEN'), broken), ...named(colors.yellow('unknown'), unknown)];
  return [wrapped(`${words.join('; ')}: ${REPORT} says why`, screen)];
}

/** What was rolled, and how. */
export function headline(plan: Plan): string {
  const seed = plan.seed === null ? '' : ` (seed ${plan.seed})`;
  return `${titleOf(plan)}, order ${namesOf(plan.order)}${seed}, ${daemonWords(plan.daemon)}`;
}

/** The same in a line that is short however many members there are. */
export function titleOf(plan: Plan): string {
  return `${plan.name}: ${plan.members.length} members, ${plan.from} → ${plan.to}`;
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
  // Whoever can be asked nothing about trust says nothing of it.
  const plain = capabilities.trust === false ? ', plain HTTP (insecure)' : '';
  const strategy = `strategy ${model.strategy}, wake-ups ${model.wakeups}${wait}${plain}`;
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
