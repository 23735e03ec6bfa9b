/** Where plans are carried out, as far as their daemon and their versions allow. */
import type { Plan } from '../plan/plan.ts';
import { type Choice, chooseRuntime } from '../runtime/choose.ts';
import { daemonOfPlan } from './roll-plan.ts';

/** What of a plan says where it can be carried out. */
type Placed = Pick<Plan, 'runtime' | 'versions' | 'daemon'>;

/** @throws EnvironmentError, InputError */
export function runtimeFor(...plans: readonly [Placed, ...Placed[]]): Promise<Choice> {
  const names = new Set(plans.flatMap(({ versions }) => Object.keys(versions)));
  const [plan] = plans;
  return chooseRuntime(plan.runtime, daemonOfPlan(plan).places([...names]));
}
