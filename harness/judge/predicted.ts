/** Whether reality agreed with the model, step by step, in the replay of a counterexample. */
import type { MemberEvent } from '../../node/events.ts';
import { describeStep } from '../plan/describe.ts';
import type { Plan, Step } from '../plan/plan.ts';
import { isRigEvent, type Trace } from '../trace/trace.ts';

/** The first step on which they differ, in a sentence, or null. */
export function firstDisagreement(plan: Plan, trace: Trace): string | null {
  const during = eventsByStep(trace);
  for (const [index, step] of plan.steps.entries()) {
    if (step.do !== 'release' && step.do !== 'deliver') continue;
    const said = during.get(index);
    const difference = said === undefined ? 'it was not reached' : differenceOf(step, said);
    if (difference !== null) return `step ${index + 1}, ${describeStep(plan, step)}: ${difference}`;
  }
  return null;
}

/** How many steps the model has predicted. */
export function predictedSteps(plan: Plan): number {
  return plan.steps.filter((step) => step.do === 'release' || step.do === 'deliver').length;
}

/** What members said while each step was under way that was reached. */
function eventsByStep(trace: Trace): ReadonlyMap<number, readonly MemberEvent[]> {
  const during = new Map<number, MemberEvent[]>();
  let said: MemberEvent[] = [];
  for (const event of trace) {
    if (!isRigEvent(event)) said.push(event);
    else if (event.rig === 'step') {
      said = [];
      during.set(event.step, said);
    }
  }
  return during;
}

function differenceOf(step: Step & { do: 'release' | 'deliver' }, said: readonly MemberEvent[]): string | null {
  if (step.do === 'deliver') {
    const noticed = said.find(
      (event) => event.event === 'noticed' && event.member === step.to && event.from === step.from,
    );
    const found = noticed?.event === 'noticed' ? noticed.disposition : 'nothing';
    return found === step.disposition ? null : `the model says ${step.disposition}, and it was ${found}`;
  }
  const { member, move } = step;
  const own = said.filter((event) => event.member === member);
  switch (move.step) {
    case 'check': {
      const checked = own.find((event) => event.event === 'checked');
      const found = checked?.event === 'checked' ? checked.outcome.is : 'nothing';
      return found === move.outcome ? null : `the model says ${move.outcome}, and it was ${found}`;
    }
    case 'park': {
      const woken = own.some((event) => event.event === 'woken');
      return woken === move.wokenAtOnce
        ? null
        : `the model says ${move.wokenAtOnce ? 'woken at once' : 'asleep'}, and it was not`;
    }
    case 'notify': {
      const sent = own.find((event) => event.event === 'notifying');
      const found = sent?.event === 'notifying' ? sent.kind : 'nothing';
      return found === move.kind ? null : `the model says ${move.kind}, and it was ${found}`;
    }
    case 'begin':
      return own.some((event) => event.event === 'held' && event.failpoint === 'in-patch')
        ? null
        : 'the model says that it enters the transaction, and it did not';
    case 'patch': {
      const patched = own.find((event) => event.event === 'patched');
      const outcome = patched?.event === 'patched' ? patched.outcome : 'nothing';
      const found = typeof outcome === 'string' ? outcome : outcome.is;
      return found === move.outcome ? null : `the model says ${move.outcome}, and it was ${found}`;
    }
    case 'note':
      return own.some((event) => event.event === 'noted') ? null : 'the model says noted, and it was not';
    case 'open':
      return own.some((event) => event.event === 'open') ? null : 'the model says open, and it was not';
  }
}
