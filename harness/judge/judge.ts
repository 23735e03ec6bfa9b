/**
 * The judge: from a Plan and its Trace to a Verdict. Pure, so that a saved roll can be judged again with newer checks.
 */
import { formatDuration } from '../../node/duration.ts';
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../trace/trace.ts';
import { CHECKS, type Check } from './checks.ts';
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
  const failed = checks.filter((check) => !check.holds);
  const opened = figures.filter((member) => member.timeToOpenMs !== null);
  const who =
    opened.length === figures.length
      ? `All ${figures.length} refreshed members opened`
      : `${opened.length} of ${figures.length} refreshed members opened`;
  const worstStallMs = Math.max(0, ...figures.map((member) => member.stallMs));
  const latencies = figures.flatMap((member) => (member.unblockLatencyMs === null ? [] : [member.unblockLatencyMs]));
  const slowest =
    latencies.length === 0
      ? ''
      : `; the slowest ${formatDuration(Math.max(...latencies))} after the last thing it waited for`;
  const neededTimer = figures.some((member) => member.wokenBy.includes('timer'));
  if (stalls.length > 0 && worstStallMs > 0) {
    const expected = plan.expect.wokenBy === 'timer' && failed.length === 0 ? ', as this plan expects' : '';
    return `${who}, but only after the cluster had stood still for ${formatDuration(worstStallMs)}, until a timer fired${expected}.`;
  }
  if (failed.length === 0) return neededTimer ? `${who}.` : `${who}, none of them by a timer${slowest}.`;
  return `${who}, and the verdict does not hold: ${failed[0]!.because}.`;
}
