/**
 * What the package offers to whoever builds on a roll: its plan, its trace and its verdict, as documents and as types; reading
 * them from the folder of a run or of a matrix; and judging anew. The documents have format numbers, and are what is kept
 * stable: a new number is a new major version.
 */
export { EVENT_GATES, type EventGate, type EventName, type MemberEvent } from '../node/events.ts';
export type { Version } from '../node/upgrade/version.ts';
export { EnvironmentError, InputError } from './input/errors.ts';
export { deviationOf } from './judge/conform.ts';
export type { Check, CheckOutcome } from './judge/evidence.ts';
export type { MemberFigures } from './judge/figures.ts';
export { judge, VERDICT_FORMAT, VERDICTS, type Verdict, type VerdictOutcome } from './judge/judge.ts';
export type { Stall } from './judge/stall.ts';
export { type Attempt, MATRIX_FORMAT, type Results } from './matrix/results.ts';
export type { Expectation, Plan, Refresh, Step } from './plan/plan.ts';
export { PLAN_FORMAT, refreshesOf, versionOf } from './plan/plan.ts';
export { readResults } from './store/matrix-folder.ts';
export { readPlan } from './store/plan-file.ts';
export { readRun } from './store/run-folder.ts';
export { readTrace } from './trace/file.ts';
export {
  eventsOf,
  isRigEvent,
  type RigEvent,
  type RigEventName,
  rigEvents,
  TRACE_FORMAT,
  type Trace,
  type TraceEvent,
} from './trace/trace.ts';
