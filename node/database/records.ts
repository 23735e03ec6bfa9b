/**
 * The application's data: the table `records` of external schema update 1. A patch may have moved the values to a table of
 * their own, `record_values`: a build that has the patch finds them wherever they are, and one without looks where they were.
 */
import { type Build, changeOf } from '../build.ts';
import { patchesOf } from '../upgrade/version.ts';
import type { Transaction } from './database.ts';

export interface DataRecord {
  readonly id: number;
  readonly key: string;
  readonly value: string;
}

/** A page holds at most this many records; ask for the next one with the last id. */
export const PAGE = 1000;

/** The records as a build reads and writes them. */
export class RecordTable {
  /** Whether the build has a patch that moves the values. */
  readonly #knowsMove: boolean;

  constructor(build: Build) {
    this.#knowsMove = patchesOf(build.version).some((patch) => {
      const change = changeOf(build, patch);
      return 'sql' in change && change.movesRecords;
    });
  }

  /** The records after an id, in order of their ids. */
  async read(transaction: Transaction, afterId: number, most = PAGE): Promise<DataRecord[]> {
    const select = (await this.#areMoved(transaction))
      ? `SELECT id, key, record_values.value FROM records JOIN record_values ON record_id = id
         WHERE id > ? ORDER BY id LIMIT ?`
      : 'SELECT id, key, value FROM records WHERE id > ? ORDER BY id LIMIT ?';
    return transaction.all<DataRecord>(select, afterId, Math.min(most, PAGE));
  }

  /** Write a record; the same key again replaces its value, so that a client may repeat a request it got no answer to. */
  async write(transaction: Transaction, key: string, value: string): Promise<void> {
    const upsert =
      'INSERT INTO records (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value';
    if (!(await this.#areMoved(transaction))) return transaction.run(upsert, key, value);
    await transaction.run(upsert, key, '');
    const insert =
      'INSERT OR REPLACE INTO record_values (record_id, value) VALUES ((SELECT id FROM records WHERE key = ?), ?)';
    await transaction.run(insert, key, value);
  }

  async #areMoved(transaction: Transaction): Promise<boolean> {
    if (!this.#knowsMove) return false;
    const tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'record_values'";
    return (await transaction.all(tables)).length > 0;
  }
}
