/**
 * The contract with a daemon: all that the rig must know of one to roll a cluster of it. What a daemon cannot do or does
 * not tell is said by its capabilities, which its plan carries; whatever is particular to it stays on its side of this.
 */
import type { Action, MemberEvent } from '../../node/events.ts';
import type { Failpoint } from '../../node/failpoints.ts';
import type { NoticeRule } from '../../node/tampering.ts';
import type { Row, Version } from '../../node/upgrade/version.ts';
import type { Artifact } from '../build/artifact.ts';
import type { PatternEvent } from '../input/description.ts';
import type { Given, Plan, RuntimeName } from '../plan/plan.ts';

/**
 * Where members can live: in containers; as processes of this host, at ports of loopback; or as processes that have namespaces
 * of their own, and a root file system.
 */
export type Place = RuntimeName | 'namespaces';

/** Where a member sits: as itself and its peers see it. A refreshed member keeps its seat. */
export interface Seat {
  readonly member: string;
  /** HOST:PORT by which peers reach it, and at which it listens. */
  readonly address: string;
  /** A folder of its own, and one that all members share, as the member sees them. */
  readonly stateFolder: string;
  readonly sharedFolder: string;
  /** The same folders as the rig sees them; null where it does not. */
  readonly ours: { readonly stateFolder: string; readonly sharedFolder: string } | null;
}

/** How a member is to be started. */
export interface Launch {
  readonly action: Action;
  readonly seat: Seat;
  readonly version: string;
  /** The seats of all members. */
  readonly seats: readonly Seat[];
  /** The live member to join through; set exactly where the action is `join`. */
  readonly through: Peer | null;
  readonly failpoints: readonly Failpoint[];
  /** By which rules its notices go wrong from the start; not where nothing inside it ever goes wrong in this plan. */
  readonly rules?: readonly NoticeRule[];
  /** Whether it trusts nobody anew from the start; not where nothing is done to trust in this plan. */
  readonly holdsTruststore?: boolean;
}

/** A live member, and how to have something done where it runs. */
export interface Peer {
  readonly seat: Seat;
  readonly version: string;
  readonly reach: Reach;
}

/** How the rig reaches a member's process. */
export interface Reach {
  /** HOST:PORT by which the rig reaches it. */
  readonly authority: string;
  /** The program of its version, with its first arguments, as it is started there. */
  readonly program: readonly string[];
  /** Run a program where the member runs, with its environment. Never throws for how the program ends. */
  run(command: readonly string[], options: RunOptions): Promise<Ran>;
}

export interface RunOptions {
  readonly stdin: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** How a program ended. `code` is null where it did not end by itself: it could not be started, or took too long. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Why there is no code; null where there is one. */
  readonly because: string | null;
}

/** What follows the artifact's program, and the environment beside the artifact's. */
export interface Command {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Where a line was read; `output` where a runtime has both streams as one. */
export type Stream = 'stdout' | 'stderr' | 'output';

/** Listens to one process of a member, from its start to its end, and makes events of what it tells. */
export interface Attendance {
  /** A line has been read, that may have been printed since `sinceNs`. */
  line(stream: Stream, text: string, sinceNs: number): void;
  /** The process is there. Probes begin. */
  started(reach: Reach): void;
  /** The process is gone, or about to be told to stop: no more probes. Resolves when none is under way. */
  end(): Promise<void>;
}

/** What an attendance makes known. */
export interface Told {
  event(event: MemberEvent): void;
  /** Something about what a member prints that a person should know: told once. */
  remark(member: string, text: string): void;
  /** Something that it did is not in what it is known to have done, and is not to be known any more: told once. */
  missed(member: string, text: string): void;
  /** Two sources say different things of a member at the same time: told once. */
  contradiction(member: string, text: string): void;
}

/** How a member is stopped. */
export interface Stopping {
  readonly signal: NodeJS.Signals;
  /** Of a member that is stopped by a command; null where a signal does it. */
  readonly command: ((launch: Launch, reach: Reach) => readonly string[]) | null;
  readonly graceMs: number;
  /** Whether a parked member is killed, because it does not stop when it is told to. */
  readonly killsParked: boolean;
  /** Whether members that are all stopped are killed, because the last of them do not stop without the others. */
  readonly killsTogether: boolean;
}

/** What a member says of itself when asked. */
export interface MemberStatus {
  readonly isOpen: boolean;
  /** Whom it waits for and for what, in a sentence; null where it does not wait. */
  readonly waitsFor: string | null;
}

/** How a request of the rig failed: the member answered that it does not serve, or wrongly, or not in time, or was not there. */
export class RequestError extends Error {
  override name = 'RequestError';
  readonly how: 'refused' | 'wrong' | 'timeout' | 'unreachable';

  constructor(how: RequestError['how'], message: string) {
    super(message);
    this.how = how;
  }
}

/** Talks to one member from the rig's side, as a client of the cluster would. Every call throws a RequestError where it fails. */
export interface MemberClient {
  /** What every member has recorded, read now; null where the rig cannot read that through a member. */
  readonly rows: (() => Promise<readonly Row[]>) | null;
  /** Null where the daemon cannot be asked. */
  status(): Promise<MemberStatus | null>;
  readonly records: RecordsClient | null;
  readonly failpoints: FailpointsClient | null;
  readonly faults: FaultsClient | null;
  readonly leader: LeaderClient | null;
  /** Null where the rig can do nothing to whom a member trusts. */
  readonly trust: TrustClient | null;
  /** Null where the rig cannot have a member taken out. */
  readonly membership: MembershipClient | null;
}

export interface RecordsClient {
  write(key: string, value: string): Promise<void>;
  /** A light read: some records that must be right, values by key; none where that is for the end of the roll to see. */
  readSome(): Promise<Readonly<Record<string, string>>>;
  /** All records: values by key. */
  readAll(): Promise<Record<string, string>>;
}

export interface FailpointsClient {
  /** Let a member go on that is held at a failpoint; of held notices, the one of that name. */
  release(failpoint: Failpoint, notice?: string): Promise<void>;
  /** Hold the member nowhere any more. */
  disarm(): Promise<void>;
}

/** What can go wrong inside a member. */
export interface FaultsClient {
  keep(rule: NoticeRule): Promise<void>;
  drop(id: string): Promise<void>;
  jumpTimer(): Promise<void>;
}

export interface TrustClient {
  /** Have another certificate from now on: a good one, or one that has just run out. */
  renew(is: 'good' | 'expired'): Promise<void>;
  /** Trust nobody anew; and whom the cluster trusts again. */
  hold(): Promise<void>;
  letGo(): Promise<void>;
}

export interface MembershipClient {
  /** Take another member out of the cluster for good. */
  remove(member: string): Promise<void>;
}

export interface LeaderClient {
  /** Become the leader of the database. */
  lead(): Promise<void>;
}

/** A version that is made of an archive's packages, as it was given. */
export interface FromArchive {
  readonly given: Given;
  /** With what it counts: as it was read, or else as its description says. */
  readonly version: Version;
}

export interface Archive {
  /** Null of a version that does not come from one, or has not been made yet. */
  of(version: string): FromArchive | null;
  /** Keep what a member of a version was seen to record. */
  keep(version: string, row: Row): void;
}

/** A daemon as one roll has it: what it has told in that is kept here, and two rolls have nothing in common. */
export interface Daemon {
  readonly name: string;
  /** The port on which a member listens where every member has a network address of its own. */
  readonly port: number;
  /** Whether the rig must see the members' folders: for sockets in them, files that they log to, and kept clusters. */
  readonly needsFolders: boolean;
  /** Where these versions can be rolled. */
  places(versions: readonly string[]): readonly Place[];
  /** Whether several members may join at the same time. */
  readonly joinsAtOnce: boolean;
  /**
   * Names what a formed cluster of a version is like, so that one can be kept and used again; null where every roll forms
   * its own.
   */
  readonly keeps: ((plan: Plan, artifact: Artifact) => string) | null;
  /** What an archive gave for its versions; null where none comes from one. */
  readonly archive: Archive | null;
  readonly stopping: Stopping;
  /** How long a cluster may take to be formed, and a member to enter it, in milliseconds. */
  readonly formingLimitMs: number;
  /** How long a member may take from its start to its first word about where it stands, in milliseconds. */
  readonly startLimitMs: number;
  /**
   * Build versions, where their inputs changed.
   * @throws InputError where there is no such version; EnvironmentError where building fails
   */
  build(versions: readonly string[]): Promise<ReadonlyMap<string, Artifact>>;
  /** @throws Finding where a live member does not give what it takes to be let in */
  command(plan: Plan, launch: Launch): Command | Promise<Command>;
  /** The command of a build that exits at once; null where the rig knows of none. */
  readonly failing: ((command: Command) => Command) | null;
  attend(plan: Plan, launch: Launch, told: Told): Attendance;
  /**
   * Whatever makes a process that has been started a member of its cluster.
   * @throws Finding where the daemon refuses
   */
  enter(launch: Launch, reach: Reach, signal: AbortSignal): Promise<void>;
  /** Whether a cluster whose members were started together is formed, asked of one of them; null: never asked. */
  readonly isFormed: ((launch: Launch, reach: Reach) => Promise<boolean>) | null;
  client(launch: Launch, reach: Reach): MemberClient;
  /** What was looked for in the lines of a roll's members, and has not been found so far. */
  unmatched(): readonly Unmatched[];
  /**
   * Why a member that was not seen to do one of these may have done it, and the rig not know how to see it; null where it has
   * not.
   */
  doubt(of: readonly PatternEvent[]): string | null;
}

/** A pattern that no line has matched, and the event that it tells of. */
export interface Unmatched {
  readonly tellsOf: PatternEvent;
  readonly pattern: string;
}

/** What a daemon did wrong, so that the roll cannot go on: it ends in a verdict, not in an error of the environment. */
export class Finding extends Error {
  override name = 'Finding';
  readonly member: string;
  /** How long the rig had waited for what did not come; null where it did not wait. */
  readonly waitedMs: number | null;
  /** Why it may be that the member did nothing wrong, and that the rig does not know how to see it; null where it did. */
  readonly doubt: string | null;

  constructor(member: string, message: string, waitedMs: number | null = null, doubt: string | null = null) {
    super(message);
    this.member = member;
    this.waitedMs = waitedMs;
    this.doubt = doubt;
  }
}
