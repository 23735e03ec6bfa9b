/** Whether what members tell of themselves fits together: where some of it is missing, the upgrade machine does not allow the rest. */
import { tells } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../trace/trace.ts';
import { deviationOf } from './conform.ts';
import { type Check, cameToItsEnd, cannotTell, type Evidence, holds, notApplicable } from './evidence.ts';
import { untoldLives } from './spells.ts';

/**
 * Every step that a daemon tells of has to follow from those before it. Where one does not, its members break their protocol, or something
 * that they told is missing: that cannot be told, and what other checks look at may be what is missing.
 */
export function machineAllows({ plan, trace }: Evidence): Check {
  const name = 'conforms';
  if (!tells(plan.daemon, 'checked'))
    return notApplicable(name, `a member of ${plan.daemon.name} does not tell of each step`);
  if (plan.daemon.model === null) return notApplicable(name, `${plan.daemon.name} has no model`);
  if (!cameToItsEnd(trace)) return notApplicable(name, 'the roll did not come to its end');
  if (hasUntold(plan, trace))
    return notApplicable(name, 'a member was killed before it could tell what it had just done');
  const deviation = deviationOf(plan, trace);
  return deviation === null
    ? holds(name, 'the machine of the model allows every step that was told')
    : cannotTell(name, `the machine of the model does not allow what was told, or some of it is missing: ${deviation}`);
}

/**
 * What the upgrade machine does not allow of a roll, as far as its members came to tell what they did. Null where it allows all, or the
 * daemon has no model, or a member was killed before it could tell what it had just done.
 */
export function deviationIn(plan: Plan, trace: Trace): string | null {
  return plan.daemon.model === null || hasUntold(plan, trace) ? null : deviationOf(plan, trace);
}

function hasUntold(plan: Plan, trace: Trace): boolean {
  return plan.members.some((member) => untoldLives(trace, member).length > 0);
}
