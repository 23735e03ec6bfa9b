/**
 * A Trace: everything that was seen during a roll, in one list. Members push their events, the rig adds what it did and
 * what a client of the cluster would have noticed. All readings are of one monotonic clock, in nanoseconds.
 */
import type { MemberEvent } from '../../node/events.ts';
import type { Failpoint } from '../../node/failpoints.ts';
import type { RuntimeName } from '../plan/plan.ts';

export const TRACE_FORMAT = 1;

/** What a light client does with a member all the time. */
export type Operation = 'read' | 'write';

/** Values by key. */
export type Records = Readonly<Record<string, string>>;

/** The events of the rig by name. */
export interface RigFields {
  /**
   * The first event. `startedAt`: ISO 8601, UTC; `plan`: its name; `alone`: whether the roll had the machine to itself,
   * as those of before there was a matrix had.
   */
  began: { format: typeof TRACE_FORMAT; plan: string; runtime: RuntimeName; startedAt: string; alone?: boolean };
  /** The conductor starts on a step of the plan, counted from 0. */
  step: { step: number };
  /** A member is about to be started. */
  launching: { member: string; version: string };
  /** A member has been told to stop. */
  stopping: { member: string };
  /** A member is about to be killed, where the plan has it. */
  killing: { member: string; at: Failpoint };
  /** A member's process, or container, is gone. `killed`: it did not go within the grace. */
  gone: { member: string; code: number | null; signal: string | null; killed: boolean };
  /** A member is served or refused by, from now on; told only when it changes. */
  available: { member: string; operation: Operation };
  /** `sinceNs`: when the request set out that found it so. */
  unavailable: { member: string; operation: Operation; because: string; sinceNs: number };
  /** How many requests of the light client went well and not, over the whole roll. */
  tally: { member: string; operation: Operation; served: number; failed: number };
  /** All records whose writing was acknowledged, and what each running member returns of them in the end: key and value. */
  ledger: { acknowledged: Records; found: Readonly<Record<string, Records>> };
  /** A running member could not be asked for its records. */
  unread: { member: string; because: string };
  /** Resident memory of a running member at the end of the roll; null where it cannot be told. */
  memory: { member: string; bytes: number | null };
  /** The roll did not settle. What each member says it waits for; null where it does not say. */
  unsettled: { members: Readonly<Record<string, string | null>> };
  /** The last event. */
  ended: { how: 'complete' | 'unsettled' | 'interrupted' };
}

export type RigEventName = keyof RigFields;

export type RigEvent = {
  [Name in RigEventName]: { readonly atNs: number; readonly rig: Name } & Readonly<RigFields[Name]>;
}[RigEventName];

export type TraceEvent = MemberEvent | RigEvent;

/** In the order in which the rig received the events; the clock readings of different members need not ascend. */
export type Trace = readonly TraceEvent[];

/** Sees every event as it comes. */
export type Observer = (event: TraceEvent) => void;

export function isRigEvent(event: TraceEvent): event is RigEvent {
  return 'rig' in event;
}

/** All rig events of a name. */
export function rigEvents<Name extends RigEventName>(trace: Trace, name: Name): Array<RigEvent & { rig: Name }> {
  return trace.filter((event): event is RigEvent & { rig: Name } => isRigEvent(event) && event.rig === name);
}

/** All events of a member, in the order of its clock. */
export function eventsOf(trace: Trace, member: string): MemberEvent[] {
  return trace
    .filter((event): event is MemberEvent => !isRigEvent(event) && event.member === member)
    .toSorted((one, other) => one.atNs - other.atNs);
}
