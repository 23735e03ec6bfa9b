/** The rolls that are timed. */
import { type Rolled, type RollOptions, roll } from '../harness/cli/roll-plan.ts';
import type { Plan } from '../harness/plan/plan.ts';

/** A figure of a roll that came to nothing is none. @throws Error where it does not hold */
export async function rollThatHolds(plan: Plan, options: RollOptions): Promise<Rolled> {
  const rolled = await roll(plan, options);
  const { outcome, sentence } = rolled.verdict;
  if (outcome !== 'holds') throw new Error(`a roll that was to be timed is ${outcome}: ${sentence}`);
  return rolled;
}
