/** Shrinking a drawn plan that fails: in the model first, where that shows it, and then on real members. */

import { forecast } from '../explore/forecast.ts';
import type { Scenario } from '../input/scenario.ts';
import { drawnOf, loadFastCheck, type Subject, scenarios } from './draw.ts';

export interface Shrunk {
  readonly scenario: Scenario;
  /** How many smaller plans were tried on real members, and whether the model had shrunk it before. */
  readonly tries: number;
  readonly byModel: boolean;
}

/** Members take seconds; the model takes none. */
const MOST_TRIES = 20;
const MOST_MODELLED = 2000;

/**
 * The fewest members, faults and steps with which it still fails.
 * @param fails whether a smaller one fails in the same way, on real members
 */
export async function shrink(
  subject: Subject,
  seed: number,
  whole: Scenario,
  fails: (scenario: Scenario) => Promise<boolean>,
): Promise<Shrunk> {
  const isModelled = stallsInModel(subject, whole);
  if (isModelled) {
    const found = await smallest(subject, seed, MOST_MODELLED, async (scenario) => stallsInModel(subject, scenario));
    if (await fails(found)) return { scenario: found, tries: 1, byModel: true };
  }
  let tries = 0;
  const scenario = await smallest(subject, seed, MOST_TRIES, (smaller) => {
    tries += 1;
    return fails(smaller);
  });
  return { scenario, tries, byModel: false };
}

/** The smallest of those that fast-check makes of the drawn one, and that fail. */
async function smallest(
  subject: Subject,
  seed: number,
  most: number,
  fails: (scenario: Scenario) => Promise<boolean>,
): Promise<Scenario> {
  const fc = await loadFastCheck();
  let found: Scenario | null = null;
  let asked = 0;
  const property = fc.asyncProperty(scenarios(fc, subject), async (scenario) => {
    asked += 1;
    // The first is the drawn one, which is known to fail.
    if (asked > 1 && (asked > most || !(await fails(scenario)))) return;
    found = scenario;
    throw new Error('it fails');
  });
  await fc.check(property, { seed, numRuns: 1 });
  return found!;
}

/** Whether somebody sits out a timer in the one interleaving that the forecast takes. */
function stallsInModel(subject: Subject, scenario: Scenario): boolean {
  const { plan } = drawnOf(subject, scenario);
  return forecast(plan).some(({ happenings }) => happenings.some(({ is }) => is === 'timer'));
}
