/**
 * What the trace is known not to have of its members: an event that nobody could read, a member that could not be watched any
 * more, whatever would have come after the end of the rig. What then seems to be missing may have been there; what was seen was seen.
 */
import type { Plan } from '../plan/plan.ts';
import { rigEvents, type Trace } from '../trace/trace.ts';
import { type Check, cannotTell, type Evidence, isCutShort, listed } from './evidence.ts';
import { strangeIn } from './of-plan.ts';

/** The checks that are broken by what did not come about, and that may yet have where the roll was cut short. */
const YET_TO_COME: readonly string[] = ['complete', 'as-predicted', 'opened', 'patched-once', 'rows-true', 'aimed'];

/** Those that hold one member's word against another's, which may be what is missing where a trace breaks off with its rig. */
const BETWEEN_MEMBERS: readonly string[] = ['notices', 'nobody-early'];

/** The checks that are broken by what there is, and by nothing that there is not. */
const SEEN: readonly string[] = ['applied-once', 'no-record-lost', 'stopped'];

/** What is missing, or is not of this roll, in a sentence; null where nothing is known to be. */
export function missedWords(trace: Trace, damage: readonly string[]): string | null {
  const missed = rigEvents(trace, 'missed').map(({ member, text }) => `${member} ${text}`);
  const words = [...missed, ...damage];
  return words.length === 0 ? null : listed(words);
}

/** What shows that the trace is not as the rig left it, or that its plan is not. */
export function damageOf(plan: Plan, trace: Trace): readonly string[] {
  return [...miscounted(trace), ...strangeIn(plan, trace)];
}

/** A trace says at its end how many events it has, so that none can go, or come, and nobody see it. */
function miscounted(trace: Trace): string[] {
  const events = rigEvents(trace, 'ended')[0]?.events ?? trace.length;
  return events === trace.length ? [] : [`the trace has ${trace.length} events, and there were ${events} at its end`];
}

/** A check as it is, unless it is broken for want of something that may have been missed. */
export function unlessMissed({ trace, damage }: Evidence, check: Check): Check {
  if (check.outcome !== 'broken') return check;
  if (isCutShort(trace) && YET_TO_COME.includes(check.name))
    return cannotTell(check.name, `${check.because}, up to where the roll was cut short`);
  // Of a trace from which something has gone since, or of another roll, nobody knows what.
  if (rigEvents(trace, 'ended').length === 0 && BETWEEN_MEMBERS.includes(check.name))
    return cannotTell(check.name, `${check.because}, up to where the trace breaks off`);
  if (SEEN.includes(check.name) && damage.length === 0) return check;
  const words = missedWords(trace, damage);
  return words === null ? check : cannotTell(check.name, `${check.because}; or so it seems: ${words}`);
}
