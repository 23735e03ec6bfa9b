/** Applying the ordered schema updates that a version carries. */

import type { Build, SchemaUpdate } from '../build.ts';
import type { Schema } from '../upgrade/version.ts';
import { PassingError, type Transaction } from './database.ts';

/** An update whose SQL the database refused. The transaction it ran in leaves no trace. */
export class UpdateError extends Error {
  override name = 'UpdateError';
}

const SCHEMAS_TABLE = `
CREATE TABLE IF NOT EXISTS schemas (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  kind       TEXT NOT NULL CHECK (kind IN ('internal', 'external')),
  version    INTEGER NOT NULL,
  applied_at TEXT NOT NULL,
  UNIQUE (kind, version)
)`;

/**
 * Apply every update that the build knows and the database lacks, internal before external, within the caller's
 * transaction. The unique key of `schemas` makes applying one twice an error.
 * @throws UpdateError naming the update
 */
export async function applyUpdates(transaction: Transaction, build: Build, applied: Schema): Promise<void> {
  await transaction.script(SCHEMAS_TABLE);
  for (const update of missingUpdates(build, applied)) {
    try {
      await transaction.script(update.sql);
    } catch (error) {
      if (error instanceof PassingError) throw error;
      throw new UpdateError(`${update.kind} schema update ${update.version} failed: ${(error as Error).message}`);
    }
    const now = new Date().toISOString();
    const insert = 'INSERT INTO schemas (kind, version, applied_at) VALUES (?, ?, ?)';
    await transaction.run(insert, update.kind, update.version, now);
  }
}

function missingUpdates(build: Build, applied: Schema): SchemaUpdate[] {
  return (['internal', 'external'] as const).flatMap((kind) =>
    build.updates.filter((update) => update.kind === kind && update.version > applied[kind]),
  );
}
