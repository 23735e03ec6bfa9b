/**
 * What a member tells the world: one JSON object a line on stdout, each with a reading of the monotonic clock. The
 * rig's whole knowledge of a roll comes from these lines; nothing is measured by polling.
 */
import { nowNs } from './clock.ts';
import type { Failpoint } from './failpoints.ts';
import type { RefusalReason } from './trust/truststore.ts';
import type { Outcome } from './upgrade/gate.ts';
import type { Disposition, PatchFailure, WokenBy } from './upgrade/machine.ts';
import type { Patch, PatchOutcome } from './upgrade/patch.ts';
import type { Gate, NoticeKind } from './upgrade/strategy.ts';
import type { Row, Schema, Version } from './upgrade/version.ts';

/** Where a member stands: before its first gate was examined, turned back at one, serving, or turned away. */
export const PHASES = ['starting', 'waiting', 'open', 'exiting'] as const;
export type Phase = (typeof PHASES)[number];

/**
 * How a member comes to be: the first of a cluster, a new one, one that has been refreshed, or one of a cluster that was
 * formed before. The last is for the rig to say; our own daemon does not know it.
 */
export const ACTIONS = ['bootstrap', 'join', 'start', 'reform'] as const;
export type Action = (typeof ACTIONS)[number];

/** Where a member waits: at a gate, or, where a daemon does not tell which, at its barrier. */
export const EVENT_GATES = ['schema', 'api', 'pair', 'patch', 'barrier'] as const;
export type EventGate = Gate | 'barrier';

/** What ended a park. `unknown`: the daemon does not tell; the judge may reckon it. */
export type Cause = WokenBy | 'unknown';

/**
 * An event that the rig worked out from a log line or a probe has happened between `sinceNs` and its `atNs`. `by` says what
 * told of it, for a person.
 */
export interface Observed {
  readonly sinceNs: number;
  readonly by: string;
}

/** How the sending of a notice to one peer ended. `lost`: a test had it never leave. */
export const NOTIFY_OUTCOMES = ['accepted', 'refused', 'timeout', 'unreachable', 'lost'] as const;
export type NotifyOutcome = (typeof NOTIFY_OUTCOMES)[number];

/** Why a member stops: told to, turned away at a gate, or failed. */
export const EXIT_REASONS = [
  'signal',
  'tether',
  'ahead',
  'forked',
  'unsupported',
  'update-failed',
  'patch-failed',
  'failed',
] as const;
export type ExitReason = (typeof EXIT_REASONS)[number];

/** The events by kind, with the fields that each carries beside `atNs`, `member` and `event`. */
export interface EventFields {
  /** The process exists. `atNs` is its start, before any code of ours ran. */
  started: { pid: number; action: Action; version: Version };
  listening: { address: string };
  /** The member's row has been committed; `decidedNs` is the clock inside that transaction. */
  recorded: { gate: EventGate | null; row: Row; decidedNs: number };
  /** A gate was examined. */
  checked: { gate: Gate; outcome: Outcome; decidedNs: number };
  /** Schema updates have been committed. `seeded`: the extensions that were written into every row. */
  applied: { from: Schema; to: Schema; seeded: readonly string[] | null; decidedNs: number };
  /** `waitMs`: how long the park lasts at most; null where the daemon does not tell. */
  parked: { gate: EventGate; waitMs: number | null };
  /** A notice has come in. `notice` names it as its sender did. */
  noticed: { from: string; notice: string; kind: NoticeKind; disposition: Disposition };
  woken: { gate: EventGate; by: Cause };
  /** Notices set out, one to each peer. */
  notifying: { notice: string; kind: NoticeKind; peers: readonly string[] };
  /** A notice to one peer has been answered, or has not. `sentNs` is when it left. */
  notified: { peer: string; notice: string; kind: NoticeKind; outcome: NotifyOutcome; sentNs: number };
  /** The member has learnt who leads the database: HOST:PORT, or null where it knows of nobody. */
  leader: { leader: string | null };
  /** A leader that stops has handed the leadership to another, or could not: then `because` says why. */
  'handed-over': { to: string | null; because: string | null };
  /** The member serves. `patches`: those that it has still to deal with; none where it says nothing. */
  open: { patches?: readonly string[] };
  /**
   * A patch was run, or found run, or failed; `decidedNs` is the clock inside the transaction, or when the change was made.
   * `changes`: null where the daemon does not tell.
   */
  patched: { patch: string; changes: Patch['changes'] | null; outcome: PatchOutcome | PatchFailure; decidedNs: number };
  /** The member has noted a patch in its state folder, so that it will not run it again. `born`: it came to be with it. */
  noted: { patch: string; born: boolean };
  /** The member has taken another out of the cluster for good; `decidedNs` is the clock inside that transaction. */
  removed: { peer: string; decidedNs: number };
  /**
   * The member has learnt that a peer is newer, and asks to be refreshed, after it has waited for so long. `of` is such a peer;
   * `by` how it learnt of it.
   */
  asked: { of: string; by: 'rows' | 'notice'; afterMs: number; phase: Phase };
  /** The member has begun to run a one-off patch. */
  patching: { patch: string };
  /**
   * Somebody was refused who does not belong here, or is not who it says: by name, where the certificate that it has shown is, or
   * was, a member's. What it calls itself says nothing.
   * `untold`: so many refusals before this one were not told of, since there were too many.
   */
  refused: { by: string | null; why: RefusalReason; path: string; untold: number };
  /** Held at a failpoint until released. `notice` names the notice that is held, at `on-notice`. */
  held: { failpoint: Failpoint; notice: string | null };
  exiting: { reason: ExitReason; message: string };
}

export type EventName = keyof EventFields;

/** One event of one member. */
export type MemberEvent = {
  [Name in EventName]: {
    readonly atNs: number;
    readonly member: string;
    readonly event: Name;
    readonly observed?: Observed | undefined;
  } & Readonly<EventFields[Name]>;
}[EventName];

/** Tells events. `atNs` is now, unless the event happened at another time. */
export type Tell = <Name extends EventName>(event: Name, fields: EventFields[Name], atNs?: number) => void;

/** Tell events of a member through a function that writes the line of an event. */
export function teller(member: string, writeLine: (line: string, event: EventName) => void): Tell {
  return (event, fields, atNs = nowNs()) => writeLine(JSON.stringify({ atNs, member, event, ...fields }), event);
}
