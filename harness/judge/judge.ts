/**
 * The judge: from a Plan and its Trace to a Verdict. Pure, so that a saved roll can be judged again with newer checks.
 */
import { formatDuration } from '../../node/duration.ts';
import type { Plan } from '../plan/plan.ts';
import { rigEvents, type Trace } from '../trace/trace.ts';
import { CHECKS } from './checks.ts';
import { healedWords } from './course.ts';
import { broken, type Check, cameToItsEnd, cannotTell, holds } from './evidence.ts';
import { ownExits } from './exits.ts';
import { figuresOf, type MemberFigures } from './figures.ts';
import { historyOf } from './history.ts';
import { lostRecords } from './lost-records.ts';
import { damageOf, unlessMissed } from './missed.ts';
import { type Stall, stallsOf } from './stall.ts';
import { idleWords } from './struck.ts';

/** 1 knew only checks that hold and that do not. */
export const VERDICT_FORMAT = 2;

/** `unknown`: nothing is broken, and what decides could not be judged. It is no verdict that holds. */
export const VERDICTS = ['holds', 'broken', 'unknown'] as const;
export type VerdictOutcome = (typeof VERDICTS)[number];

export interface Verdict {
  readonly format: typeof VERDICT_FORMAT;
  readonly plan: string;
  readonly outcome: VerdictOutcome;
  /** What happened, in the sentence that a person would say. */
  readonly sentence: string;
  readonly checks: readonly Check[];
  readonly members: readonly MemberFigures[];
  readonly stalls: readonly Stall[];
}

/** How a trace is judged. Tests that make stories up, which tell what they are about and no more, leave some of it out. */
export interface Judging {
  readonly checks: typeof CHECKS;
  readonly damageOf: typeof damageOf;
}

export function judge(plan: Plan, trace: Trace, by: Judging = { checks: CHECKS, damageOf }): Verdict {
  const history = historyOf(plan, trace);
  const figures = figuresOf(plan, trace, history);
  const stalls = stallsOf(plan, trace, history);
  const evidence = { plan, trace, history, figures, stalls, damage: by.damageOf(plan, trace) };
  const checks = by.checks.map((check) =>
    unlessHindered(trace, asExpected(plan, trace, unlessMissed(evidence, check(evidence)))),
  );
  const outcome = outcomeOf(trace, checks);
  return {
    format: VERDICT_FORMAT,
    plan: plan.name,
    outcome,
    sentence: sentenceOf(plan, trace, outcome, figures, stalls, checks),
    checks,
    members: figures,
    stalls,
  };
}

/** What a plan expects to be broken holds where it is: a known flaw is to be seen, and to be seen to be mended. */
function asExpected({ expect }: Plan, trace: Trace, check: Check): Check {
  if (expect.broken?.includes(check.name) !== true || check.leavesOpen) return check;
  if (check.outcome === 'broken') return holds(check.name, `as expected: ${check.because}`);
  if (!cameToItsEnd(trace))
    return cannotTell(check.name, `the roll ended before it was broken, as expected: ${check.because}`);
  return broken(check.name, `it was expected to be broken: ${check.because}`);
}

/** What an environment that failed kept from happening, or may have brought about, is no member's fault. */
function unlessHindered(trace: Trace, check: Check): Check {
  if (!hasEnvironmentFailed(trace) || check.outcome !== 'broken') return check;
  return cannotTell(check.name, `the environment failed, and this may come of it: ${check.because}`);
}

function hasEnvironmentFailed(trace: Trace): boolean {
  return rigEvents(trace, 'ended')[0]?.how === 'environment';
}

function outcomeOf(trace: Trace, checks: readonly Check[]): VerdictOutcome {
  if (hasEnvironmentFailed(trace)) return 'unknown';
  if (checks.some((check) => check.outcome === 'broken')) return 'broken';
  return checks.some((check) => check.leavesOpen) ? 'unknown' : 'holds';
}

function sentenceOf(
  plan: Plan,
  trace: Trace,
  outcome: VerdictOutcome,
  figures: readonly MemberFigures[],
  stalls: readonly Stall[],
  checks: readonly Check[],
): string {
  const failures = checks
    .filter((check) => check.outcome === 'broken')
    .toSorted((one, other) => rank(trace, one) - rank(trace, other));
  const failed = failures[0];
  const opened = openedWords(plan, figures, outcome === 'holds' ? ', as this plan expects' : '');
  const healed = healedWords(plan.members.flatMap((member) => ownExits(trace, member).filter((exit) => exit.isHealed)));
  const idle = idleWords(plan, trace);
  const asideOf = (...words: readonly string[]): string => words.map((one) => (one === '' ? '' : ` ${one}.`)).join('');
  const aside = asideOf(healed, idle);
  const open = checks.find((check) => check.leavesOpen);
  if (outcome === 'unknown' && open !== undefined)
    return `${opened}, but it cannot be judged: ${open.because}.${open.because.includes(idle) ? asideOf(healed) : aside}`;
  const lost = lostRecords(plan, trace);
  const stillMs = Math.max(...figures.map(({ stallMs }) => stallMs), ...lost.map(({ forMs }) => forMs));
  if (stalls.length > 0 && stillMs > 0) {
    // A stall is told in its own words; but what it followed from comes first.
    const exits = failures.find((check) => check.name === 'exits');
    const first = exits === undefined ? '' : `${exits.because}. `;
    const cause =
      lost.length === 0 ? '' : `, for what ${lost.map(({ member }) => member).join(', ')} had recorded was lost`;
    const still = `the cluster had stood still for ${formatDuration(stillMs)}, until a timer fired${cause}`;
    const beside = failures.find((check) => check.name !== 'woken' && check.name !== 'exits');
    const also = beside === undefined ? '' : ` Beside that: ${beside.because}.`;
    const allowed = stalls.find(({ allowedBy }) => allowedBy !== null)?.allowedBy ?? null;
    const expected =
      outcome !== 'holds'
        ? ''
        : plan.expect.wokenBy === 'timer'
          ? ', as this plan expects'
          : allowed === null
            ? ''
            : `, which its faults allow: ${allowed}`;
    return `${first}${opened}, but only after ${still}${expected}.${also}${aside}`;
  }
  const wrong = failures.length === 1 ? 'one thing is wrong' : `${failures.length} things are wrong; the first`;
  if (failed !== undefined) return `${opened}, and ${wrong}: ${failed.because}.${aside}`;
  if (figures.some((member) => member.wokenBy.includes('timer'))) return `${opened}.${aside}`;
  const latencies = figures.flatMap((member) => member.unblockLatencyMs ?? []);
  const slowest = formatDuration(latencies.reduce((most, latency) => Math.max(most, latency), 0));
  const late = latencies.length === 0 ? '' : `; the slowest opened ${slowest} after the last thing it waited for`;
  return `${opened}, and nobody needed a timer${late}.${aside}`;
}

/**
 * That a member did not open, or the roll did not settle, is mostly a consequence; it is named where nothing else is. What
 * kept the roll from going on is what everything else followed from.
 */
function rank(trace: Trace, { name }: Check): number {
  if (name === 'complete' && rigEvents(trace, 'ended')[0]?.how === 'finding') return -2;
  return ['notices', 'opened', 'complete'].indexOf(name);
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
