/** Rules for tests of what is pure. */
import type { Rules } from '../../node/upgrade/machine.ts';
import { patchPolicy, USUAL_PATCHING } from '../../node/upgrade/patch.ts';
import { STRATEGIES, type StrategyName } from '../../node/upgrade/strategy.ts';

/** Those of a strategy, and otherwise what is usual. */
export function rules(strategy: StrategyName, more: Partial<Rules> = {}): Rules {
  return {
    strategy: STRATEGIES[strategy],
    wakeups: 'latched',
    ahead: 'exit',
    patching: patchPolicy(USUAL_PATCHING.when, USUAL_PATCHING.by),
    ...more,
  };
}
