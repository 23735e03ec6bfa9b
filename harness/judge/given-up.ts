/** Who waited in vain until it went by itself, and its supervisor started it again: no timer ended that, and no notice did either. */
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../trace/trace.ts';
import { stallAllowedBy } from './allowed.ts';
import { ownExits } from './exits.ts';
import type { History } from './history.ts';
import { refreshedIncarnations } from './incarnations.ts';
import { longestWayNs, momentOfPassing } from './passing.ts';
import { reckonsGates } from './rows-read.ts';

export interface GivenUp {
  readonly member: string;
  /** For how long it could have passed its gate by then. */
  readonly forMs: number;
}

export function givenUp(plan: Plan, trace: Trace, history: History): GivenUp[] {
  if (!reckonsGates(plan, trace)) return [];
  return plan.members.flatMap((member) => {
    const lives = refreshedIncarnations(plan, trace, member);
    const exits = ownExits(trace, member);
    return lives.slice(0, -1).flatMap((incarnation, index): GivenUp[] => {
      const park = incarnation.parks.at(-1);
      const nextNs = lives[index + 1]!.started.atNs;
      if (park === undefined || park.toNs !== null) return [];
      const exit = exits.find(({ atNs }) => atNs > park.fromNs && atNs <= nextNs);
      if (exit === undefined) return [];
      const moment = momentOfPassing(plan, history, incarnation, park.gate, exit.atNs);
      if (moment === null) return [];
      const sinceNs = Math.max(moment.atNs, park.fromNs);
      if (exit.atNs - sinceNs < longestWayNs(plan)) return [];
      const ended = { ...park, toNs: exit.atNs };
      const allowedBy = stallAllowedBy(plan, trace, { incarnation, park: ended, knower: moment.by, sinceNs });
      return allowedBy === null ? [{ member, forMs: (exit.atNs - sinceNs) / 1e6 }] : [];
    });
  });
}
