/** A transaction on a connection to the leader, and the mark that tells later whether it was committed. */
import { randomUUID } from 'node:crypto';
import type { Body, Transaction, Value } from '../database.ts';
import type { Connection } from './connection.ts';
import { toValue, toWire } from './values.ts';

/**
 * The marks of the transactions that each member has committed last. A mark is written in its own transaction, so that
 * it is there exactly if the rest is. Transactions that a member has under way at the same time have a lane each, and
 * leave each other's marks alone.
 */
const MARKS_TABLE = `CREATE TABLE IF NOT EXISTS dqlite_marks
  (node INTEGER NOT NULL, lane INTEGER NOT NULL, mark TEXT NOT NULL, PRIMARY KEY (node, lane))`;

export async function createMarks(connection: Connection): Promise<void> {
  await connection.execSql(MARKS_TABLE, []);
}

/** A transaction that may have to be tried again. */
export class Attempt<Result> {
  readonly #node: number;
  readonly #lane: number;
  /** Letters, digits and hyphens. */
  readonly #mark: string = randomUUID();
  readonly #body: Body<Result>;
  /** What the body returned, where its commit was sent and has not been answered. */
  #unanswered: { readonly result: Result } | null = null;

  /** @param lane nobody else's while this is tried */
  constructor(node: number, lane: number, body: Body<Result>) {
    this.#node = node;
    this.#lane = lane;
    this.#body = body;
  }

  /**
   * Carry it out, unless an earlier try did. Writing transactions being serialised, an earlier commit has come to its end,
   * one way or the other, when this one has begun.
   * @throws PassingError where it is to be tried again; whatever the body throws
   */
  async carryOut(connection: Connection): Promise<Result> {
    await connection.execSql('BEGIN IMMEDIATE', []);
    return undoing(connection, async () => {
      if (this.#unanswered !== null && (await this.#isCommitted(connection))) {
        await connection.execSql('ROLLBACK', []);
        return this.#unanswered.result;
      }
      const result = await this.#body(transactionOn(connection));
      this.#unanswered = { result };
      await connection.execSql(
        `INSERT OR REPLACE INTO dqlite_marks VALUES (${this.#node}, ${this.#lane}, '${this.#mark}'); COMMIT`,
        [],
      );
      return result;
    });
  }

  async #isCommitted(connection: Connection): Promise<boolean> {
    const select = 'SELECT mark FROM dqlite_marks WHERE node = ? AND lane = ?';
    const { rows } = await connection.querySql(select, [toWire(this.#node), toWire(this.#lane)]);
    const mark = rows[0]?.[0];
    return mark?.type === 'text' && mark.value === this.#mark;
  }
}

/** Run the body on a snapshot, and write nothing. */
export async function readOn<Result>(connection: Connection, body: Body<Result>): Promise<Result> {
  await connection.execSql('BEGIN', []);
  return undoing(connection, async () => {
    const result = await body(transactionOn(connection));
    await connection.execSql('ROLLBACK', []);
    return result;
  });
}

/** Where the work fails, leave no transaction open behind. */
async function undoing<Result>(connection: Connection, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    try {
      await connection.execSql('ROLLBACK', []);
    } catch {
      // The node rolls back by itself when the connection ends.
      connection.close();
    }
    throw error;
  }
}

function transactionOn(connection: Connection): Transaction {
  return {
    all: async <Result>(sql: string, ...values: Value[]) => {
      const { columns, rows } = await connection.querySql(sql, values.map(toWire));
      return rows.map(
        (row) => Object.fromEntries(columns.map((column, index) => [column, toValue(row[index]!)])) as Result,
      );
    },
    run: async (sql: string, ...values: Value[]) => {
      await connection.execSql(sql, values.map(toWire));
    },
    script: async (sql: string) => {
      await connection.execSql(sql, []);
    },
  };
}
