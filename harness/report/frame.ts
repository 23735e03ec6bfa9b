/**
 * What a terminal shows of a roll while it goes on, as lines: the steps around the present one, what each member is at, and the
 * newest thing that happened. A function of what has been seen by now and of the screen.
 */
import colors from 'picocolors';
import { formatDuration } from '../../node/duration.ts';
import { describeStep } from '../plan/describe.ts';
import type { Plan } from '../plan/plan.ts';
import { rigEvents, type Trace } from '../trace/trace.ts';
import { lanesOf } from './lanes.ts';
import { newsOf } from './news.ts';
import { printable } from './printable.ts';
import { cut, type Screen, wrapped } from './screen.ts';
import { mostTelling, type Standing, standingsOf, standingWords, tallyWords } from './standing.ts';
import { stateWords } from './story.ts';

/** The cursor's own line, and one so that the line above the frame can be seen. */
const SPARE_ROWS = 2;
/** Of the steps at least so many are shown, however many members there are. */
const FEWEST_STEPS = 5;
/** Between the parts. */
const BLANK = 1;

export function frameOf(plan: Plan, trace: Trace, nowNs: number, screen: Screen): string[] {
  const rows = screen.rows - SPARE_ROWS;
  // Which step is under way is said above.
  const news = trace.findLast((event) => !('rig' in event && event.rig === 'step') && newsOf(plan, event) !== null);
  const newest = news === undefined ? [] : [cut(colors.dim(printable(newsOf(plan, news)!)), screen)];
  const left = rows - newest.length - 2 * BLANK;
  const lanes = lanesOf(plan, trace, nowNs);
  const standings = lanes === null ? [] : standingsOf(plan, trace, lanes);
  const members = memberLines(standings, nowNs, left - Math.min(plan.steps.length, FEWEST_STEPS), screen);
  const steps = stepLines(plan, trace, nowNs, left - members.length, screen);
  return [steps, members, newest]
    .filter((part) => part.length > 0)
    .flatMap((part, index) => (index === 0 ? part : ['', ...part]));
}

/** What stays when it is over. */
export function stepsFrame(plan: Plan, trace: Trace, nowNs: number, screen: Screen): string[] {
  return stepLines(plan, trace, nowNs, screen.rows - SPARE_ROWS, screen);
}

/** The sign of what goes on, at an instant. */
export function spinner(nowNs: number): string {
  return SPINNER[Math.floor(nowNs / 1e8) % SPINNER.length]!;
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** As many steps as there is room for, around the present one. */
function stepLines(plan: Plan, trace: Trace, nowNs: number, rows: number, screen: Screen): string[] {
  const began = new Map(rigEvents(trace, 'step').map(({ step, atNs }) => [step, atNs]));
  const present = Math.max(-1, ...began.keys());
  const failed = failedSteps(trace);
  const ended = rigEvents(trace, 'ended').length > 0;
  const lines = plan.steps.map((step, index): string => {
    const says = describeStep(plan, step);
    const beganNs = began.get(index);
    if (beganNs === undefined) return colors.dim(`  ${says}`);
    const took = formatDuration(((began.get(index + 1) ?? nowNs) - beganNs) / 1e6);
    const isDone = ended || index < present;
    const mark = failed.has(index) ? colors.red('✖') : isDone ? colors.green('✔') : colors.cyan(spinner(nowNs));
    return `${mark} ${says}  ${colors.dim(took)}`;
  });
  return around(lines, present, Math.max(3, rows), (count, where) => colors.dim(`  … ${count} ${where}`)).map((line) =>
    cut(line, screen),
  );
}

/** The steps in which something went wrong that the plan did not want. */
function failedSteps(trace: Trace): Set<number> {
  const failed = new Set<number>();
  let present = 0;
  for (const event of trace) {
    if (!('rig' in event)) continue;
    if (event.rig === 'step') present = event.step;
    const isWrong = event.rig === 'unsettled' || event.rig === 'finding' || event.rig === 'failure';
    if (isWrong || (event.rig === 'ended' && event.how === 'interrupted')) failed.add(present);
  }
  return failed;
}

/** A window of a list, with a line for what is left out before and after it. */
function around(
  lines: readonly string[],
  present: number,
  rows: number,
  leftOut: (count: number, where: 'steps before' | 'steps after') => string,
): string[] {
  if (lines.length <= rows) return [...lines];
  const room = rows - 2;
  const first = Math.min(Math.max(0, present - Math.floor(room / 2)), lines.length - room);
  const after = lines.length - first - room;
  return [
    ...(first > 0 ? [leftOut(first, 'steps before')] : []),
    ...lines.slice(first, first + room),
    ...(after > 0 ? [leftOut(after, 'steps after')] : []),
  ];
}

function memberLines(standings: readonly Standing[], nowNs: number, rows: number, screen: Screen): string[] {
  const width = Math.max(0, ...standings.map(({ member }) => member.length));
  const lineOf = (standing: Standing): string => {
    const name = standing.member.padEnd(width);
    const words = printable(standingWords(standing, nowNs));
    const state = stateWords(standing.state);
    const rest = words.slice(state.length);
    return `${name}  ${paint(standing)(state)}${rest}`;
  };
  const whole = standings.map((standing) => wrapped(lineOf(standing), screen, width + 2).split('\n'));
  if (whole.flat().length <= rows) return whole.flat();
  if (standings.length <= rows) return standings.map((standing) => cut(lineOf(standing), screen));
  const shown = mostTelling(standings, Math.max(1, rows - 1));
  const rest = standings.filter((standing) => !shown.includes(standing));
  return [
    ...shown.map((standing) => cut(lineOf(standing), screen)),
    colors.dim(`${''.padEnd(width)}  … and ${rest.length} more: ${tallyWords(rest)}`),
  ];
}

function paint({ state }: Standing): (text: string) => string {
  if (state.is === 'parked') return colors.yellow;
  return state.is === 'open' ? colors.green : (text) => text;
}
