/** The plans that a command is about: of a scenario and flags, or drawn from a seed. */
import { InputError } from '../input/errors.ts';
import type { Plan } from '../plan/plan.ts';
import { plansFrom, type RollFlags } from './options.ts';

/** @throws InputError naming file, line and key, or the flag */
export async function plansOf(
  scenario: string | undefined,
  { chaos, ...flags }: RollFlags & { chaos?: string },
): Promise<Plan[]> {
  if (chaos === undefined) return plansFrom(scenario, flags);
  if (scenario !== undefined)
    throw new InputError(`--chaos ${chaos}: it draws the scenario: drop ${scenario}, or the flag`);
  // Loaded here: what draws takes its time.
  const { drawnFor } = await import('./chaos.ts');
  return [(await drawnFor(chaos, flags)).plan];
}
