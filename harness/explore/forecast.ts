/**
 * What a plan will meet, without running it: the roll in memory, in the one interleaving in which every member acts at
 * once and every notice arrives in the order of its sending. A stall that needs another interleaving is not in it.
 */
import { rulesOf } from '../plan/daemon.ts';
import { type Plan, type Step, versionOf } from '../plan/plan.ts';
import { entrantsOf } from '../plan/sequence.ts';
import type { Happening } from './happening.ts';
import { type Model, PROTOCOL } from './protocol.ts';
import { settle } from './settle.ts';
import { fireTimer, join, leave, type Moved, parkedMembers, refresh, stop, type World, worldOf } from './world.ts';

/** A step of the plan with what follows from it. */
export interface Forecast {
  readonly step: Step;
  readonly happenings: readonly Happening[];
}

/** A roll that has not ended by then goes round in circles: a fault of the machine. */
const MOST_MOVES = 100_000;

/** Of a daemon that no row of the table models, nothing is foreseen. */
export function forecast(plan: Plan): Forecast[] {
  if (plan.daemon.model === null) return plan.steps.map((step) => ({ step, happenings: [] }));
  const model: Model = { protocol: PROTOCOL, rules: rulesOf(plan.daemon.model) };
  const forming = plan.steps.findIndex((step) => !['bootstrap', 'join', 'form'].includes(step.do));
  const founders = plan.steps.slice(0, forming).flatMap(entrantsOf);
  let world = worldOf(model, founders, versionOf(plan, plan.from));
  return plan.steps.map((step, index): Forecast => {
    const happenings: Happening[] = [];
    const moved = (next: Moved): void => {
      world = next.world;
      happenings.push(next.happening);
    };
    const settled = (): void => settleWhole(model, world, moved);
    switch (step.do) {
      case 'refresh':
        for (const { member, to } of step.refreshes) moved(refresh(model, world, member, versionOf(plan, to)));
        settled();
        break;
      case 'update':
        // One after another, as they may come to ask.
        for (const { member, to } of step.refreshes) {
          moved(refresh(model, world, member, versionOf(plan, to)));
          settled();
        }
        break;
      case 'stop':
        world = stop(world, step.member);
        break;
      case 'leave':
        moved(leave(world, step.member, step.by));
        settled();
        break;
      case 'join':
        if (index >= forming) for (const member of step.members) moved(join(model, world, member, step.through));
        break;
      case 'settle':
        fireTimers(model, () => world, moved);
        break;
      default:
        break;
    }
    return { step, happenings };
  });
}

/** @throws Error where the roll does not come to rest */
function settleWhole(model: Model, from: World, moved: (next: Moved) => void): void {
  if (!settle(model, from, moved, MOST_MOVES)) throw new Error('the roll does not come to rest');
}

/** Who is still parked sits out a timer; a round of timers that opens nobody is the last. */
function fireTimers(model: Model, world: () => World, moved: (next: Moved) => void): void {
  for (let parked = parkedMembers(world()); parked.length > 0; ) {
    for (const member of parked) {
      if (!parkedMembers(world()).includes(member)) continue;
      moved(fireTimer(model, world(), member));
      settleWhole(model, world(), moved);
    }
    const still = parkedMembers(world());
    if (still.length === parked.length) return;
    parked = still;
  }
}
