/**
 * The engine `sqlite`: one database file that all members share, through a folder or a volume. SQLite's own locking
 * makes every writing transaction a serialised one (BEGIN IMMEDIATE, with a busy timeout); the write-ahead log lets
 * readers go on meanwhile.
 */
import { existsSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { type Body, type Database, DatabaseError, type Transaction, type Value } from './database.ts';

/** How long a transaction waits for another member's to end. A gate's takes about a millisecond. */
const BUSY_TIMEOUT_MS = 5000;

/** Compiled statements are worth keeping, but records and updates must not let them grow without end. */
const KEPT_STATEMENTS = 64;

/**
 * Open the database file.
 * @param create whether the file may be new (bootstrap), or must be there (join, start)
 * @param nativeBinding path of better-sqlite3's native library, where it does not lie in node_modules
 * @throws DatabaseError where the file is missing, cannot be opened, or is not a database
 */
export function openSqlite(file: string, create: boolean, nativeBinding?: string): Database {
  if (!create && !existsSync(file)) {
    throw new DatabaseError(`no cluster database at ${file}; bootstrap the first member before others join or start`);
  }
  try {
    const options = { timeout: BUSY_TIMEOUT_MS, ...(nativeBinding === undefined ? {} : { nativeBinding }) };
    const handle = new Sqlite(file, options);
    handle.pragma('journal_mode = WAL');
    handle.pragma('synchronous = NORMAL');
    return new SqliteDatabase(handle);
  } catch (error) {
    throw new DatabaseError(`cannot open the cluster database ${file}: ${(error as Error).message}`, { cause: error });
  }
}

class SqliteDatabase implements Database {
  readonly replication = null;
  readonly #handle: Sqlite.Database;
  readonly #statements = new Map<string, Sqlite.Statement<unknown[]>>();
  /** The connection runs one transaction at a time; this is the end of the queue. */
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(handle: Sqlite.Database) {
    this.#handle = handle;
  }

  /** The file is the place of every member. */
  async enter(): Promise<void> {}

  write<Result>(body: Body<Result>): Promise<Result> {
    return this.#enqueue('BEGIN IMMEDIATE', body);
  }

  read<Result>(body: Body<Result>): Promise<Result> {
    return this.#enqueue('BEGIN DEFERRED', body);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // Not waiting for a transaction under way: closing rolls it back, and a member that is told to stop stops.
    this.#handle.close();
  }

  #enqueue<Result>(begin: string, body: Body<Result>): Promise<Result> {
    if (this.#closed) return Promise.reject(new DatabaseError('the database is closed'));
    const mine = this.#last.catch(() => undefined).then(() => this.#transact(begin, body));
    this.#last = mine;
    return mine;
  }

  async #transact<Result>(begin: string, body: Body<Result>): Promise<Result> {
    this.#handle.exec(begin);
    try {
      const result = await body(this.#transaction);
      this.#handle.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#handle.inTransaction) this.#handle.exec('ROLLBACK');
      throw error;
    }
  }

  readonly #transaction: Transaction = {
    all: async <Result>(sql: string, ...values: Value[]) => this.#prepared(sql).all(...values) as Result[],
    run: async (sql: string, ...values: Value[]) => {
      this.#prepared(sql).run(...values);
    },
    script: async (sql: string) => {
      this.#statements.clear();
      this.#handle.exec(sql);
    },
  };

  #prepared(sql: string): Sqlite.Statement<unknown[]> {
    const kept = this.#statements.get(sql);
    if (kept !== undefined) return kept;
    if (this.#statements.size >= KEPT_STATEMENTS) this.#statements.clear();
    const prepared = this.#handle.prepare<unknown[]>(sql);
    this.#statements.set(sql, prepared);
    return prepared;
  }
}
