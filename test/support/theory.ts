/** What theory says of every strategy: whoever adds one is told by the compiler to say it here. */
import type { StrategyName } from '../../node/upgrade/strategy.ts';

/** One step of each kind. */
export const STEPS = { introduces: ['v1', 'v2'], both: ['v4', 'v5'], schema: ['v3', 'v4'], api: ['v2', 'v3'] } as const;
export type Step = keyof typeof STEPS;

/** The steps at which a strategy stands still until a timer fires, with every notice in time and none lost. */
export const STALLS: Readonly<Record<StrategyName, readonly Step[]>> = {
  combined: ['introduces', 'both'],
  split: [],
  seed: ['both'],
  preemptive: ['introduces'],
  upstream: [],
  pair: [],
};
