/**
 * The cluster database as the daemon sees it, whatever engine is behind it. Writing transactions of all members are
 * serialised: while the body of one runs, no other member's does.
 */
import type { Duplex } from 'node:stream';

export type Value = string | number | null;

/** Inside a transaction. Every statement that the body started must have been awaited when the body returns. */
export interface Transaction {
  /** The rows of a query, one object a row, keyed by column. The caller names the type; the engine does not check. */
  all<Result>(sql: string, ...values: Value[]): Promise<Result[]>;
  run(sql: string, ...values: Value[]): Promise<void>;
  /** Several statements in one text, without values: a schema update. */
  script(sql: string): Promise<void>;
}

/** May be run again where the engine could not commit, so it must leave nothing behind but what it writes. */
export type Body<Result> = (transaction: Transaction) => Promise<Result>;

/** How a member takes its place in a cluster. */
export interface Place {
  readonly how: 'bootstrap' | 'join' | 'start';
  /** The member's number in its cluster, for ever; the first has 1. */
  readonly id: number;
  readonly role: Role;
  /** HOST:PORT of the member through which this one has joined; null for the first. */
  readonly through: string | null;
}

/** Roles in the cluster's replication. A shared file has none, so every member is the same. */
export type Role = 'member' | 'voter' | 'stand-by' | 'spare';

/** How long a transaction is tried before whoever asked for it is told that the database is not to be had. */
export const REQUEST_PATIENCE_MS = 8000;

export interface Database {
  /** Take the member's place. Called once, before anything is read or written. */
  enter(place: Place): Promise<void>;
  /**
   * Runs the body in one serialised transaction: commits when it returns, leaves no trace when it throws.
   * @throws UnavailableError when the patience, in milliseconds, is at an end
   */
  write<Result>(body: Body<Result>, patienceMs?: number): Promise<Result>;
  /**
   * Runs the body on one consistent snapshot; nobody waits for it, and it may not write.
   * @throws UnavailableError when the patience, in milliseconds, is at an end
   */
  read<Result>(body: Body<Result>, patienceMs?: number): Promise<Result>;
  /** Why the database is not to be had, in a sentence without a full stop; null while it is. */
  readonly trouble: string | null;
  /** Null where nobody replicates: all members share one file. */
  readonly replication: Replication | null;
  close(): Promise<void>;
}

/** A member's part in the replication of the database. */
export interface Replication {
  status(): ReplicationStatus;
  /** Every server of the cluster, as the leader has it. @throws UnavailableError when the patience is at an end */
  servers(patienceMs?: number): Promise<readonly ReplicationServer[]>;
  /** A peer's traffic has come in through the member's listener. @throws DatabaseError where it cannot be taken on */
  accept(connection: Duplex): void;
  /**
   * Where this member leads, give the leadership to another voter; to nobody where there is none that could take it.
   * @returns HOST:PORT of the new leader, or why there is none; null where this member did not lead
   */
  handOver(): Promise<{ readonly to: string } | { readonly because: string } | null>;
  /** Take a member's server out of the cluster, for good. @throws UnavailableError */
  remove(id: number): Promise<void>;
  /** Become the leader. @throws UnavailableError */
  lead(): Promise<void>;
}

export interface ReplicationServer {
  /** HOST:PORT */
  readonly address: string;
  readonly role: Role;
  readonly leads: boolean;
}

export interface ReplicationStatus {
  readonly role: Role;
  /** HOST:PORT of the leader, as far as this member knows. */
  readonly leader: string | null;
}

export class DatabaseError extends Error {
  override name = 'DatabaseError';
}

/** What goes by: no leader for now, or somebody else's transaction. The engine tries again, so a body lets it through. */
export class PassingError extends DatabaseError {
  override name: string = 'PassingError';
}

/** It did not go by for as long as somebody was prepared to wait. */
export class UnavailableError extends DatabaseError {
  override name = 'UnavailableError';
}
