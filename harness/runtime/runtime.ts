/** Where members live. Nothing above this folder knows which runtime it is. */
import type { Artifact } from '../build/artifact.ts';
import type { Seat } from '../daemon/contract.ts';
import type { RuntimeName } from '../plan/plan.ts';

/** How a member's process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** What a member printed, line by line. */
export type OnLine = (line: string) => void;

/** A member that has been started and not been stopped. */
export interface RunningMember {
  readonly seat: Seat;
  /** HOST:PORT by which the rig reaches it. */
  readonly authority: string;
  /** Resolves when it is gone, by itself or not. */
  readonly exited: Promise<Exit>;
  /** Ask it to go, and insist after a grace. Resolves when it is gone and every line it printed has been told. */
  stop(graceMs: number): Promise<Exit & { killed: boolean }>;
  /** Kill it, without any grace. Resolves when it is gone. */
  kill(): Promise<Exit>;
  /** Resident memory in bytes, or null where it cannot be told. */
  memoryBytes(): Promise<number | null>;
}

/** What one roll lives in: a network and a volume, or a folder and some ports. */
export interface Site {
  readonly runtime: RuntimeName;
  seat(member: string): Seat;
  /** @throws EnvironmentError where it cannot be started */
  start(seat: Seat, artifact: Artifact, args: readonly string[], onLine: OnLine): Promise<RunningMember>;
  /** Remove everything that the roll made, whatever state it is in. Safe to call more than once. */
  close(): Promise<void>;
}

export interface SiteOptions {
  /** Names the roll: labels and names carry it. */
  readonly run: string;
  readonly members: readonly string[];
  /** The port on which members listen where each has a network address of its own. */
  readonly port: number;
}

export interface Runtime {
  readonly name: RuntimeName;
  /** Make what members will be started from, where it is not there yet. Returns what is worth knowing of it, or null. */
  prepare(artifacts: Iterable<Artifact>): Promise<string | null>;
  /** @throws EnvironmentError */
  open(options: SiteOptions): Promise<Site>;
  /** Remove what rolls of rigs that are gone have left behind. Returns what it removed, as sentences. */
  clean(): Promise<string[]>;
}
