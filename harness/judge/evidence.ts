/** What a check may look at, and what it says: that something holds, that it is broken, or that it could not be judged. */
import type { Plan } from '../plan/plan.ts';
import { rigEvents, type Trace } from '../trace/trace.ts';
import type { MemberFigures } from './figures.ts';
import type { History } from './history.ts';
import type { Stall } from './stall.ts';

export const OUTCOMES = ['holds', 'broken', 'not-applicable'] as const;
export type CheckOutcome = (typeof OUTCOMES)[number];

export interface Check {
  readonly name: string;
  readonly outcome: CheckOutcome;
  /** The evidence, or why there is none, in a sentence or several without a full stop. */
  readonly because: string;
  /** Whether a question stays open that decides: then a roll in which nothing is broken is not one that holds either. */
  readonly leavesOpen: boolean;
}

/** Everything that a check may look at. */
export interface Evidence {
  readonly plan: Plan;
  readonly trace: Trace;
  readonly history: History;
  readonly figures: readonly MemberFigures[];
  readonly stalls: readonly Stall[];
  /** What shows that the trace is not as the rig left it, or not of its plan, in sentences. */
  readonly damage: readonly string[];
}

export function holds(name: string, because: string): Check {
  return { name, outcome: 'holds', because, leavesOpen: false };
}

export function broken(name: string, because: string): Check {
  return { name, outcome: 'broken', because, leavesOpen: false };
}

/** There is nothing here to be judged, and nobody misses it. */
export function notApplicable(name: string, because: string): Check {
  return { name, outcome: 'not-applicable', because, leavesOpen: false };
}

/** It should be judged, and cannot be. */
export function cannotTell(name: string, because: string): Check {
  return { name, outcome: 'not-applicable', because, leavesOpen: true };
}

/** More are counted: nobody reads fifty, and the trace has all of them. */
const MOST_LISTED = 6;

/** Several things that are to be said, in one sentence. */
export function listed(things: readonly string[]): string {
  const left = things.length - MOST_LISTED;
  return left <= 0 ? things.join('; ') : `${things.slice(0, MOST_LISTED).join('; ')}; and ${left} more`;
}

/** Broken by these faults, or holding where there are none. */
export function judged(name: string, faults: readonly string[], fine: string): Check {
  return faults.length > 0 ? broken(name, listed(faults)) : holds(name, fine);
}

/** Whether a roll came to its own end, however that was, so that what it did not do is its members' doing. */
export function cameToItsEnd(trace: Trace): boolean {
  const how = rigEvents(trace, 'ended')[0]?.how;
  return how === 'complete' || how === 'unsettled';
}

/** `each of 3 openings`, `the only opening` */
export function eachOf(count: number, thing: string): string {
  return count === 1 ? `the only ${thing}` : `each of ${count} ${thing}s`;
}

/** Whether the rig was ended before the roll was: then nobody knows what its members would have done. */
export function isCutShort(trace: Trace): boolean {
  const how = rigEvents(trace, 'ended')[0]?.how;
  return how === undefined || how === 'interrupted';
}
