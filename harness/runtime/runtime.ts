/** Where members live. Nothing above this folder knows which runtime it is. */
import type { Artifact } from '../build/artifact.ts';
import type { Making } from '../build/root-filesystem.ts';
import type { Command, Place, Reach, Seat, Stream } from '../daemon/contract.ts';
import type { EnvironmentError } from '../input/errors.ts';
import type { Links } from '../link/links.ts';
import type { Linked, RuntimeName } from '../plan/plan.ts';

/** Where a member that has a root file system of its own finds its folder, and the one that all share. */
export const MEMBER_FOLDERS = { stateFolder: '/var/lib/member', sharedFolder: '/var/lib/cluster' } as const;

/** How a member's process ended. A signal that ended it is named where the runtime tells. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Whether it was a kill that ended it; or nobody knows. A container has no signal, and the code of one. */
export function isKilled({ code, signal }: Exit): boolean {
  return signal === 'SIGKILL' || code === KILLED_CODE || (code === null && signal === null);
}

const KILLED_CODE = 137;

/** What a member printed, line by line, and since when it may have. */
export type OnLine = (stream: Stream, line: string, sinceNs: number) => void;

/** A member that has been started and not been stopped. */
export interface RunningMember extends Reach {
  readonly seat: Seat;
  /** Resolves when it is gone, by itself or not, and every line it printed has been told; rejects where its site is lost. */
  readonly exited: Promise<Exit>;
  /** Ask it to go by a signal, and insist after a grace. Resolves when it is gone. */
  stop(signal: NodeJS.Signals, graceMs: number): Promise<Exit & { killed: boolean }>;
  /** Do not let it run, until it is thawed. It can be stopped and killed nevertheless. @throws EnvironmentError */
  freeze(): Promise<void>;
  /** Nothing is done where it is gone, or runs. */
  thaw(): Promise<void>;
  /** Kill it, without any grace. Resolves when it is gone. */
  kill(): Promise<Exit>;
  /** Resident memory in bytes, or null where it cannot be told. */
  memoryBytes(): Promise<number | null>;
}

/** What a runtime may lend to a fault: to stop a member in its tracks, its disk, the links between members. */
export const RUNTIME_NEEDS = ['freeze', 'disk', 'links'] as const;
export type RuntimeNeed = (typeof RUNTIME_NEEDS)[number];

/** How a member finds the disk of its state folder. */
export type DiskState = 'sound' | 'full' | 'read-only';

/** What one roll lives in: a network and folders, or a folder and some ports. */
export interface Site {
  readonly runtime: RuntimeName;
  /** Aborts with an EnvironmentError where the members have lost the place that they live in. */
  readonly lost: AbortSignal;
  /** What its place lacks for members to live there, which is none of their doing; null where it lacks nothing that is to be seen. */
  lack(): EnvironmentError | null;
  /** Null where nothing is to be done to links: then nothing is in their way. */
  readonly links: Links | null;
  seat(member: string): Seat;
  /** Spoil the disk of a member's state folder, or mend it. @throws EnvironmentError */
  setDisk(member: string, state: DiskState): Promise<void>;
  /** @throws EnvironmentError where it cannot be started */
  start(seat: Seat, artifact: Artifact, command: Command, onLine: OnLine): Promise<RunningMember>;
  /**
   * Remove everything that the roll made, whatever state it is in. Safe to call more than once.
   * @throws EnvironmentError where something is left for the next start to remove
   */
  close(): Promise<void>;
}

export interface SiteOptions {
  /** Names the roll: labels and names carry it. */
  readonly run: string;
  readonly members: readonly string[];
  /** The port on which members listen where each has a network address of its own. */
  readonly port: number;
  /** Whether the rig must see the members' folders. */
  readonly needsFolders: boolean;
  /** HOST:PORT by member, where members must have the addresses that they had before; null for new ones. */
  readonly addresses: Readonly<Record<string, string>> | null;
  /** The links that something is to be done to, in which relays are put; null for none, as where it says nothing. */
  readonly linked?: Linked | null;
  /** Whether the state folder of each member is to be on a disk of its own; not where it says nothing. */
  readonly disks?: boolean;
}

export interface Runtime {
  readonly name: RuntimeName;
  /** Names the addresses and folders that its members have: a cluster that is kept fits no others. */
  readonly seats: Place;
  /** Why it cannot lend a fault what that needs, as the end of a sentence; null where it can. */
  lacks(need: RuntimeNeed): string | null;
  /** Make what members will be started from, where it is not there yet, and say what is worth knowing of it. */
  prepare(artifacts: readonly Artifact[], making: Making): Promise<void>;
  /** @throws EnvironmentError */
  open(options: SiteOptions): Promise<Site>;
  /** Remove what rolls of rigs that are gone have left behind. Returns what it removed, as sentences. */
  clean(): Promise<string[]>;
}
