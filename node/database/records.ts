/** The application's data: the table `records` of external schema update 1. */
import type { Transaction } from './database.ts';

export interface DataRecord {
  readonly id: number;
  readonly key: string;
  readonly value: string;
}

/** A page holds at most this many records; ask for the next one with the last id. */
export const PAGE = 1000;

/** The records after an id, in order of their ids. */
export async function readRecords(transaction: Transaction, afterId: number): Promise<DataRecord[]> {
  const select = 'SELECT id, key, value FROM records WHERE id > ? ORDER BY id LIMIT ?';
  return transaction.all<DataRecord>(select, afterId, PAGE);
}

/** Write a record; the same key again replaces its value, so that a client may repeat a request it got no answer to. */
export async function writeRecord(transaction: Transaction, key: string, value: string): Promise<void> {
  const upsert =
    'INSERT INTO records (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value';
  await transaction.run(upsert, key, value);
}
