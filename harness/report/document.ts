/** What the page's server side hands to its script: plain data, embedded in the page or sent while a roll goes on. */
import type { Plan } from '../plan/plan.ts';
import type { LogLine } from '../trace/log-line.ts';
import type { Trace } from '../trace/trace.ts';

/** One roll. */
export interface Shown {
  /** What tells it from the other rolls of the page; empty where there is only one. */
  readonly label: string;
  readonly plan: Plan;
  readonly trace: Trace;
  readonly logs: readonly LogLine[];
}

export interface PageData {
  readonly rolls: readonly Shown[];
  /** Where the events of a roll that is going on come from; null for one that is over. */
  readonly live: string | null;
}
