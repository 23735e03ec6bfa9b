/**
 * A Trace: everything that was seen during a roll, in one list. Members push their events, the rig adds what it did and
 * what a client of the cluster would have noticed. All readings are of one monotonic clock, in nanoseconds.
 */
import type { MemberEvent } from '../../node/events.ts';
import type { Failpoint } from '../../node/failpoints.ts';
import type { PatternEvent } from '../input/description.ts';
import type { Given, RuntimeName } from '../plan/plan.ts';

/** 1 had neither observed events nor the reasons of refused requests. */
export const TRACE_FORMAT = 2;

/** What a light client does with a member all the time. */
export const OPERATIONS = ['read', 'write'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** How a request failed: answered that it is not served, or wrongly, not answered in time, or nobody there. */
export const REQUEST_FAILURES = ['refused', 'wrong', 'timeout', 'unreachable'] as const;
export type RequestFailure = (typeof REQUEST_FAILURES)[number];

/** How a member is told to stop. */
export const STOP_WAYS = ['signal', 'command', 'kill'] as const;
export type StopWay = (typeof STOP_WAYS)[number];

/**
 * What the update program makes of a member that asks to be refreshed: it begins; it is at it already; or it fails, so that the
 * member comes back in the build that it had.
 */
export const UPDATE_ANSWERS = ['begins', 'under-way', 'fails'] as const;
export type UpdateAnswer = (typeof UPDATE_ANSWERS)[number];

export const ENDINGS = ['complete', 'unsettled', 'interrupted', 'finding', 'environment'] as const;
export type Ending = (typeof ENDINGS)[number];

/** Values by key. */
export type Records = Readonly<Record<string, string>>;

/** The events of the rig by name. */
export interface RigFields {
  /**
   * The first event. `startedAt`: ISO 8601, UTC; `plan`: its name; `alone`: whether the roll had the machine to itself.
   */
  began: { format: typeof TRACE_FORMAT; plan: string; runtime: RuntimeName; startedAt: string; alone: boolean };
  /** What an archive gave for a version, and what that counts. `isRead`: as it was read off a member, and not as it is described. */
  given: { version: string; schema: number; api: number } & Given;
  /** The conductor starts on a step of the plan, counted from 0. */
  step: { step: number };
  /** The cluster is there: formed now, or formed earlier and kept since. */
  formed: { how: 'now' | 'earlier' };
  /** The start of a member was aimed at the timer of another, which is due at `dueNs`; null where none waited. */
  aimed: { member: string; at: string | null; dueNs: number | null };
  /** A member is about to be started. */
  launching: { member: string; version: string };
  /** A member has been told to stop; by `kill` where the plan's daemon has it so for a parked one. */
  stopping: { member: string; by: StopWay };
  /** A member has asked to be refreshed. */
  updating: { member: string; to: string; how: UpdateAnswer };
  /** A member has not asked to be refreshed, and the rig waits for that no longer. */
  unasked: { member: string; waitedMs: number; because: string };
  /** A member is about to be killed, where the plan has it: held at a failpoint, or, with null, wherever it is. */
  killing: { member: string; at: Failpoint | null };
  /** A fault of the plan begins; `says` which. */
  fault: { id: string; says: string };
  /** It has been undone, and how. */
  undone: { id: string; says: string };
  /**
   * A member has recorded what it runs, as was read through another. `bytes`: so many of that one's answer to it are held on their way;
   * none where it was only looked at. `answers`: so many chunks had come by then.
   */
  withheld: { member: string; from: string; bytes: number; answers: number };
  /** What was held of another's answers to a member goes on. */
  'let-through': { member: string; from: string };
  /** A member's process, or container, is gone. `killed`: it did not go within the grace. */
  gone: { member: string; code: number | null; signal: string | null; killed: boolean };
  /** The supervisor starts a member again that exited by itself, for the `attempt`-th time of at most `most`. */
  restarting: { member: string; attempt: number; most: number; afterMs: number };
  /** A member is served or refused by, from now on; told only when it changes. */
  available: { member: string; operation: Operation };
  /** `sinceNs`: when the request set out that found it so. */
  unavailable: { member: string; operation: Operation; how: RequestFailure; because: string; sinceNs: number };
  /** How many requests of the light client went well and not, over the whole roll. */
  tally: { member: string; operation: Operation; served: number; failed: number };
  /** All records whose writing was acknowledged, and what each running member returns of them in the end: key and value. */
  ledger: { acknowledged: Records; found: Readonly<Record<string, Records>> };
  /** A running member could not be asked for its records. */
  unread: { member: string; how: RequestFailure; because: string };
  /** Resident memory of a running member at the end of the roll; null where it cannot be told. */
  memory: { member: string; bytes: number | null };
  /** The rig itself did not get to run for so long, up to this event: whatever it measured then, it measured late. */
  lag: { forMs: number };
  /** Something about what a member prints that a person should know. */
  remark: { member: string; text: string };
  /** Something that a member did, or told, could not be taken in: what the trace says of it is not all. */
  missed: { member: string; text: string };
  /** Two sources of what a member does say different things at the same time, so that one of them is wrong. */
  contradiction: { member: string; text: string };
  /** Something that was looked for in what members print, to know of an event by, and that nobody printed in the whole roll. */
  unmatched: { tellsOf: PatternEvent; pattern: string };
  /** The roll did not settle. What each member says it waits for; null where it does not say. */
  unsettled: { members: Readonly<Record<string, string | null>> };
  /**
   * A member did what kept the plan from being carried out further, or did not do what it had to. `waitedMs`: for so long had
   * the rig waited for it; null where it did not wait. `doubt`: why it may be that it did, and that the rig does not know how
   * to see it.
   */
  finding: { member: string; because: string; waitedMs: number | null; doubt: string | null };
  /** The environment or the rig itself kept the plan from being carried out further. */
  failure: { because: string };
  /** The last event. `events`: how many there are with it; of a trace that has none, that is not known. */
  ended: { how: Ending; events?: number | undefined };
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
export function rigEvents<Name extends RigEventName>(
  trace: Trace,
  name: Name,
): ReadonlyArray<RigEvent & { rig: Name }> {
  return (indexOf(trace).rig.get(name) ?? []) as ReadonlyArray<RigEvent & { rig: Name }>;
}

/** All rig events of a name that are about a member. */
export function rigEventsOf<Name extends RigEventName & AboutMember>(
  trace: Trace,
  name: Name,
  member: string,
): ReadonlyArray<RigEvent & { rig: Name }> {
  return (indexOf(trace).rigByMember.get(`${name} ${member}`) ?? []) as ReadonlyArray<RigEvent & { rig: Name }>;
}

type AboutMember = { [Name in RigEventName]: RigFields[Name] extends { member: string } ? Name : never }[RigEventName];

/** All events of a member, in the order of its clock. */
export function eventsOf(trace: Trace, member: string): readonly MemberEvent[] {
  return indexOf(trace).members.get(member) ?? [];
}

/** What became of each notice to a member, as its sender tells it. */
export function noticesTo(trace: Trace, member: string): readonly Notified[] {
  return indexOf(trace).sent.get(member) ?? [];
}

export type Notified = MemberEvent & { readonly event: 'notified' };

interface Index {
  readonly length: number;
  readonly rig: ReadonlyMap<RigEventName, readonly RigEvent[]>;
  readonly rigByMember: ReadonlyMap<string, readonly RigEvent[]>;
  readonly members: ReadonlyMap<string, readonly MemberEvent[]>;
  /** By whom they were for. */
  readonly sent: ReadonlyMap<string, readonly Notified[]>;
}

/** A trace is asked for the same things many times; each is looked up once. One that has grown since is looked up anew. */
const INDEXES = new WeakMap<Trace, Index>();

function indexOf(trace: Trace): Index {
  const known = INDEXES.get(trace);
  if (known?.length === trace.length) return known;
  const rig = new Map<RigEventName, RigEvent[]>();
  const rigByMember = new Map<string, RigEvent[]>();
  const members = new Map<string, MemberEvent[]>();
  const sent = new Map<string, Notified[]>();
  for (const event of trace) {
    if (!isRigEvent(event)) {
      add(members, event.member, event);
      if (event.event === 'notified') add(sent, event.peer, event);
    } else {
      add(rig, event.rig, event);
      if ('member' in event) add(rigByMember, `${event.rig} ${event.member}`, event);
    }
  }
  for (const events of members.values()) events.sort((one, other) => one.atNs - other.atNs);
  const index = { length: trace.length, rig, rigByMember, members, sent };
  INDEXES.set(trace, index);
  return index;
}

function add<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
