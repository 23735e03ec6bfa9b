/** The check of members that refresh themselves: each that was to has asked for it. */
import type { Step } from '../plan/plan.ts';
import { rigEvents } from '../trace/trace.ts';
import { type Check, type Evidence, judged, notApplicable } from './evidence.ts';

export function whoeverShouldHasAsked({ plan, trace }: Evidence): Check {
  const name = 'asked';
  const updates = plan.steps.filter((step): step is Step & { do: 'update' } => step.do === 'update');
  if (updates.length === 0) return notApplicable(name, 'the plan has nobody ask to be refreshed');
  const unasked = Map.groupBy(
    rigEvents(trace, 'unasked'),
    ({ waitedMs, because }) => `${waitedMs / 1000} s: ${because}`,
  );
  const faults = [...unasked].map(
    ([why, own]) => `${own.map(({ member }) => member).join(', ')} did not ask to be refreshed within ${why}`,
  );
  const begun = rigEvents(trace, 'updating').filter(({ how }) => how === 'begins');
  if (faults.length + begun.length === 0) return notApplicable(name, 'the roll did not come to where somebody asks');
  const who = begun.map(({ member, to }) => `${member} (${to})`).join(', ');
  return judged(name, faults, `each was refreshed when it had asked: ${who}`);
}
