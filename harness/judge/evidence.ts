/** What a check may look at, and what it says. */
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../trace/trace.ts';
import type { MemberFigures } from './figures.ts';
import type { History } from './history.ts';
import type { Stall } from './stall.ts';

export interface Check {
  readonly name: string;
  readonly holds: boolean;
  /** The evidence, in a sentence or several. */
  readonly because: string;
}

/** Everything that a check may look at. */
export interface Evidence {
  readonly plan: Plan;
  readonly trace: Trace;
  readonly history: History;
  readonly figures: readonly MemberFigures[];
  readonly stalls: readonly Stall[];
}
