/** Events as lines for a person who watches a roll. */
import type { MemberEvent } from '../../node/events.ts';
import { describeExiting, describeOutcome } from '../../node/words.ts';
import { describeStep } from '../plan/describe.ts';
import { type Plan, versionOf } from '../plan/plan.ts';
import { isRigEvent, type TraceEvent } from '../trace/trace.ts';

/** An event as a line for a person who watches, or null where it would only be in the way. */
export function newsOf(plan: Plan, event: TraceEvent): string | null {
  if (!isRigEvent(event)) return memberLine(plan, event);
  switch (event.rig) {
    case 'step': {
      const step = plan.steps[event.step]!;
      return `— ${describeStep(plan, step)}`;
    }
    case 'unsettled':
      return `not settled: ${Object.entries(event.members)
        .map(([member, waitsFor]) => `${member} ${waitsFor ?? 'does not say why'}`)
        .join('; ')}`;
    case 'gone':
      return event.killed ? `${event.member} had to be killed` : null;
    case 'formed':
      return event.how === 'now' ? null : 'a cluster that was formed earlier is used again';
    case 'restarting':
      return `${event.member} exited, and its supervisor starts it again (${event.attempt} of at most ${event.most})`;
    case 'remark':
    case 'missed':
      return `${event.member} ${event.text}`;
    case 'contradiction':
      return `of ${event.member}, ${event.text}`;
    case 'finding':
    case 'failure':
      return event.because;
    default:
      return null;
  }
}

function memberLine(plan: Plan, event: MemberEvent): string | null {
  switch (event.event) {
    case 'checked':
      if (event.outcome.is === 'pass') return null;
      return `${event.member} ${describeOutcome(event.outcome, event.gate, versionOf(plan, plan.to))}`;
    case 'applied':
      return `${event.member} applied schema updates: internal ${event.from.internal} → ${event.to.internal}, external ${event.from.external} → ${event.to.external}`;
    case 'woken':
      return event.by === 'unknown' ? `${event.member} woken` : `${event.member} woken by a ${event.by}`;
    case 'patched':
      if (typeof event.outcome !== 'string')
        return `${event.member} could not run the patch ${event.patch}: ${event.outcome.why}`;
      return `${event.member} ${event.outcome === 'ran' ? 'ran the patch' : 'found run the patch'} ${event.patch}`;
    case 'handed-over':
      return event.to === null
        ? `${event.member} could not hand the leadership over: ${event.because}`
        : `${event.member} handed the leadership over`;
    case 'refused':
      return `${event.member} refused ${event.by ?? 'somebody'}: ${event.why}`;
    case 'open':
      return `${event.member} open`;
    case 'exiting':
      return event.reason === 'signal' ? null : `${event.member} exiting: it ${describeExiting(event)}`;
    default:
      return null;
  }
}
