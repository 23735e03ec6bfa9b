/**
 * The cluster database as the daemon sees it, whatever engine is behind it. Writing transactions of all members are
 * serialised: while the body of one runs, no other member's does.
 */

export type Value = string | number | null;

/** Inside a transaction. Every statement that the body started must have been awaited when the body returns. */
export interface Transaction {
  /** The rows of a query, one object a row, keyed by column. The caller names the type; the engine does not check. */
  all<Result>(sql: string, ...values: Value[]): Promise<Result[]>;
  run(sql: string, ...values: Value[]): Promise<void>;
  /** Several statements in one text, without values: a schema update. */
  script(sql: string): Promise<void>;
}

export type Body<Result> = (transaction: Transaction) => Promise<Result>;

export interface Database {
  /** Runs the body in one serialised transaction: commits when it returns, leaves no trace when it throws. */
  write<Result>(body: Body<Result>): Promise<Result>;
  /** Runs the body on one consistent snapshot; nobody waits for it, and it may not write. */
  read<Result>(body: Body<Result>): Promise<Result>;
  close(): Promise<void>;
}

export class DatabaseError extends Error {
  override name = 'DatabaseError';
}
