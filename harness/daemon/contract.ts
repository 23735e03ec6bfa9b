/**
 * A kind of member: all that the rig must know of a daemon to roll a cluster of it. Our own daemon is the first kind;
 * whatever is particular to a daemon stays on its side of this contract.
 */
import type { Action, MemberEvent } from '../../node/events.ts';
import type { Failpoint } from '../../node/failpoints.ts';
import type { Artifact } from '../build/artifact.ts';
import type { Plan } from '../plan/plan.ts';

/** Where a member sits: as itself and its peers see it. A refreshed member keeps its seat. */
export interface Seat {
  readonly member: string;
  /** HOST:PORT by which peers reach it, and at which it listens. */
  readonly address: string;
  /** A folder of its own, and one that all members share. */
  readonly stateFolder: string;
  readonly sharedFolder: string;
}

/** How a member is to be started. */
export interface Launch {
  readonly action: Action;
  readonly seat: Seat;
  /** The seat of the live member to join through; set exactly where the action is `join`. */
  readonly through: Seat | null;
  readonly failpoints: readonly Failpoint[];
}

/** What a member says of itself when asked. */
export interface MemberStatus {
  readonly isOpen: boolean;
  /** Whom it waits for and for what, in a sentence; null where it does not wait. */
  readonly waitsFor: string | null;
}

/** Talks to one member from the rig's side, as a client of the cluster would. Every call throws where it fails. */
export interface MemberClient {
  status(): Promise<MemberStatus>;
  writeRecord(key: string, value: string): Promise<void>;
  /** One light read. */
  readOne(): Promise<void>;
  /** All records: values by key. */
  readRecords(): Promise<Record<string, string>>;
  /** Let a member go on that is held at a failpoint; of held notices, the one of that name. */
  release(failpoint: Failpoint, notice?: string): Promise<void>;
  /** Become the leader of the database. */
  lead(): Promise<void>;
  /** Hold the member nowhere any more. */
  disarm(): Promise<void>;
}

export interface MemberKind {
  readonly name: string;
  /** The port on which a member listens where every member has a network address of its own. */
  readonly port: number;
  /**
   * Build versions, where their inputs changed.
   * @throws InputError where there is no such version; EnvironmentError where building fails
   */
  build(versions: readonly string[]): Promise<ReadonlyMap<string, Artifact>>;
  /** The arguments that follow the artifact's program. */
  args(plan: Plan, launch: Launch): string[];
  /** The event in a line that a member printed, or null where it is a line for people. */
  readEvent(line: string): MemberEvent | null;
  /** @param authority HOST:PORT by which the rig reaches the member */
  client(authority: string): MemberClient;
}
