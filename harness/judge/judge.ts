/**
 * The judge: from a Plan and its Trace to a Verdict. Pure, so that a saved roll can be judged again with newer checks.
 */
import { formatDuration } from '../../node/duration.ts';
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../trace/trace.ts';
import { CHECKS } from './checks.ts';
import type { Check } from './evidence.ts';
import { figuresOf, type MemberFigures } from './figures.ts';
import { historyOf } from './history.ts';
import { type Stall, stallsOf } from './stall.ts';

export const VERDICT_FORMAT = 1;

export interface Verdict {
  readonly format: typeof VERDICT_FORMAT;
  readonly plan: string;
  /** Whether every check holds. */
  readonly holds: boolean;
  /** What happened, in the sentence that a person would say. */
  readonly sentence: string;
  readonly checks: readonly Check[];
  readonly members: readonly MemberFigures[];
  readonly stalls: readonly Stall[];
}

export function judge(plan: Plan, trace: Trace): Verdict {
  const history = historyOf(trace);
  const figures = figuresOf(plan, trace, history);
  const stalls = stallsOf(plan, trace, history);
  const checks = CHECKS.map((check) => check({ plan, trace, history, figures, stalls }));
  return {
    format: VERDICT_FORMAT,
    plan: plan.name,
    holds: checks.every((check) => check.holds),
    sentence: sentenceOf(plan, figures, stalls, checks),
    checks,
    members: figures,
    stalls,
  };
}

function sentenceOf(
  plan: Plan,
  figures: readonly MemberFigures[],
  stalls: readonly Stall[],
  checks: readonly Check[],
): string {
  // A stall is told in its own words.
  const failures = checks.filter((check) => !check.holds).toSorted((one, other) => rank(one) - rank(other));
  const failed = failures[0];
  const asExpected = failed === undefined ? ', as this plan expects' : '';
  const opened = openedWords(plan, figures, asExpected);
  const worstStallMs = Math.max(0, ...figures.map((member) => member.stallMs));
  if (stalls.length > 0 && worstStallMs > 0) {
    const still = `the cluster had stood still for ${formatDuration(worstStallMs)}, until a timer fired`;
    const beside = failures.find((check) => check.name !== 'woken');
    const also = beside === undefined ? '' : ` Beside that: ${beside.because}.`;
    return `${opened}, but only after ${still}${plan.expect.wokenBy === 'timer' ? asExpected : ''}.${also}`;
  }
  if (failed !== undefined) return `${opened}, and one thing is wrong: ${failed.because}.`;
  if (figures.some((member) => member.wokenBy.includes('timer'))) return `${opened}.`;
  const latencies = figures.flatMap((member) => (member.unblockLatencyMs === null ? [] : [member.unblockLatencyMs]));
  const slowest = formatDuration(Math.max(...latencies));
  const late = latencies.length === 0 ? '' : `; the slowest opened ${slowest} after the last thing it waited for`;
  return `${opened}, and nobody needed a timer${late}.`;
}

/** That a member did not open, or the roll did not settle, is mostly a consequence; it is named where nothing else is. */
function rank({ name }: Check): number {
  return ['opened', 'complete'].indexOf(name);
}

/** `All 3 refreshed members opened`, `2 of 3 refreshed members opened and node01 exited (ahead)` */
function openedWords(plan: Plan, figures: readonly MemberFigures[], asExpected: string): string {
  const opened = figures.filter((member) => member.timeToOpenMs !== null).length;
  const refreshed = figures.length === 1 ? 'the one refreshed member' : `${figures.length} refreshed members`;
  const who =
    opened === figures.length
      ? opened === 1
        ? 'The one refreshed member'
        : `All ${refreshed}`
      : opened === 0
        ? `None of ${refreshed}`
        : `${opened} of ${refreshed}`;
  const exits = Object.entries(plan.expect.exits).map(([member, reason]) => `${member} exited (${reason})`);
  return `${who} opened${exits.length === 0 || asExpected === '' ? '' : ` and ${exits.join(', ')}${asExpected}`}`;
}
