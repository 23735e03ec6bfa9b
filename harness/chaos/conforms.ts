/** What the upgrade machine does not allow of a drawn roll, as far as its members came to tell what they did. */
import { deviationOf } from '../judge/conform.ts';
import { untoldLives } from '../judge/spells.ts';
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../trace/trace.ts';

/** Null where it allows all, has no model, or a member was killed before it could tell what it had just done. */
export function deviationIn(plan: Plan, trace: Trace): string | null {
  if (plan.daemon.model === null) return null;
  if (plan.members.some((member) => untoldLives(trace, member).length > 0)) return null;
  return deviationOf(plan, trace);
}
