/**
 * The engine `sqlite`: one database file that all members share, through a folder or a volume. SQLite's own locking
 * makes every writing transaction a serialised one (BEGIN IMMEDIATE); the write-ahead log lets readers go on meanwhile.
 *
 * SQLite's own busy timeout would block the whole member, so there is none: whoever finds the file locked sleeps and
 * tries again.
 */
import { existsSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import {
  type Body,
  type Database,
  DatabaseError,
  PassingError,
  REQUEST_PATIENCE_MS,
  type Transaction,
  type Value,
} from './database.ts';
import { patiently } from './patience.ts';
import { type Limits, Turns } from './turns.ts';

/** A gate's transaction takes about a millisecond. */
const LONGEST_PAUSE_MS = 16;
/** Members that wait for each other's transactions are no trouble. */
const TROUBLE_AFTER_MS = 1000;

/** Compiled statements are worth keeping, but records and updates must not let them grow without end. */
const KEPT_STATEMENTS = 64;

export interface SqliteOptions {
  readonly file: string;
  /** Whether the file may be new (bootstrap), or must be there (join, start). */
  readonly create: boolean;
  /** Path of better-sqlite3's native library, where it does not lie in node_modules. */
  readonly nativeBinding?: string;
  /** Told why the database is not to be had, and null when it is again. */
  readonly onTrouble?: (trouble: string | null) => void;
}

/**
 * Open the database file.
 * @throws DatabaseError where the file is missing, cannot be opened, or is not a database; UnavailableError where somebody
 *   keeps it locked
 */
export async function openSqlite(options: SqliteOptions): Promise<Database> {
  const { file, create, nativeBinding } = options;
  if (!create && !existsSync(file)) {
    throw new DatabaseError(`no cluster database at ${file}; bootstrap the first member before others join or start`);
  }
  const handle = opening(file, () => new Sqlite(file, { timeout: 0, ...(nativeBinding ? { nativeBinding } : {}) }));
  const database = new SqliteDatabase(handle, options);
  try {
    await database.setUp();
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

function opening<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (isBusy(error)) throw lockedBy(file, error);
    throw new DatabaseError(`cannot open the cluster database ${file}: ${(error as Error).message}`, { cause: error });
  }
}

function isBusy(error: unknown): boolean {
  // The extended codes say why: SQLITE_BUSY_RECOVERY, SQLITE_BUSY_SNAPSHOT.
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}

function lockedBy(file: string, cause: unknown): PassingError {
  const words = `another process keeps the database file ${file} locked: wait for its transaction to end, or stop it`;
  return new PassingError(words, { cause });
}

type Mode = 'write' | 'read';

class SqliteDatabase implements Database {
  readonly replication = null;
  readonly #handle: Sqlite.Database;
  readonly #options: SqliteOptions;
  readonly #statements = new Map<string, Sqlite.Statement<unknown[]>>();
  /** The connection runs one transaction at a time. */
  readonly #turns = new Turns(() => this.trouble);
  readonly #closing = new AbortController();
  /** A reader goes on while a writer is locked out, so that its success says nothing of the other's trouble. */
  readonly #troubles: Record<Mode, string | null> = { write: null, read: null };

  constructor(handle: Sqlite.Database, options: SqliteOptions) {
    this.#handle = handle;
    this.#options = options;
  }

  get trouble(): string | null {
    return this.#troubles.write ?? this.#troubles.read;
  }

  /** The first look at the file, which another member may be recovering, or leaving as the last. */
  async setUp(): Promise<void> {
    await this.#patiently('write', REQUEST_PATIENCE_MS, async () => {
      opening(this.#options.file, () => {
        this.#handle.pragma('journal_mode = WAL');
        this.#handle.pragma('synchronous = NORMAL');
      });
    });
  }

  /** The file is the place of every member. */
  async enter(): Promise<void> {}

  write<Result>(body: Body<Result>, patienceMs = REQUEST_PATIENCE_MS): Promise<Result> {
    return this.#patiently('write', patienceMs, () => this.#transact('BEGIN IMMEDIATE', body));
  }

  read<Result>(body: Body<Result>, patienceMs = REQUEST_PATIENCE_MS): Promise<Result> {
    return this.#patiently('read', patienceMs, () => this.#transact('BEGIN DEFERRED', body));
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new DatabaseError('the database is closed'));
    // Not waiting for a transaction under way: closing rolls it back, and a member that is told to stop stops.
    this.#handle.close();
  }

  /** Between two tries others of this member have their turn. */
  #patiently<Result>(mode: Mode, patienceMs: number, attempt: () => Promise<Result>): Promise<Result> {
    return patiently((limits: Limits) => this.#turns.take(attempt, limits), {
      patienceMs,
      closing: this.#closing.signal,
      longestPauseMs: () => LONGEST_PAUSE_MS,
      onTrouble: (trouble) => this.#fret(mode, trouble),
      troubleAfterMs: () => TROUBLE_AFTER_MS,
    });
  }

  #fret(mode: Mode, trouble: string | null): void {
    const before = this.trouble;
    this.#troubles[mode] = trouble;
    if (this.trouble !== before) this.#options.onTrouble?.(this.trouble);
  }

  async #transact<Result>(begin: string, body: Body<Result>): Promise<Result> {
    this.#tried(() => this.#handle.exec(begin));
    try {
      const result = await body(this.#transaction);
      this.#closing.signal.throwIfAborted();
      this.#tried(() => this.#handle.exec('COMMIT'));
      return result;
    } catch (error) {
      if (this.#handle.inTransaction) this.#handle.exec('ROLLBACK');
      throw error;
    }
  }

  /** What finds the file locked is tried again. */
  #tried<Result>(statement: () => Result): Result {
    try {
      return statement();
    } catch (error) {
      throw isBusy(error) ? lockedBy(this.#options.file, error) : error;
    }
  }

  readonly #transaction: Transaction = {
    all: async <Result>(sql: string, ...values: Value[]) =>
      this.#tried(() => this.#prepared(sql).all(...values) as Result[]),
    run: async (sql: string, ...values: Value[]) => {
      this.#tried(() => this.#prepared(sql).run(...values));
    },
    script: async (sql: string) => {
      this.#statements.clear();
      this.#tried(() => this.#handle.exec(sql));
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
