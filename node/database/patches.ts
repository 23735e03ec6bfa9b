/**
 * What the database knows of patches: which member's build has how many (for the gate of the patches), and who has run which
 * (where one member runs it for all). Both tables come into being when they are first needed: a release that brings nothing
 * but a patch has no schema update to make them with.
 */
import type { DatabaseChange } from '../build.ts';
import { nowNs } from '../clock.ts';
import { type Claims, examinePatch, type Patch, type PatchBy, type PatchOutcome } from '../upgrade/patch.ts';
import type { Row } from '../upgrade/version.ts';
import { type Database, PassingError, type Transaction, UnavailableError } from './database.ts';

/**
 * Whatever build a member starts with puts its schema on record at its gates. By that the database itself takes back what an
 * earlier start of the member has said of patches, of which an older build knows nothing.
 */
const MEMBER_PATCHES = `
CREATE TABLE IF NOT EXISTS internal_member_patches (
  member  TEXT PRIMARY KEY,
  patches INTEGER NOT NULL
);
CREATE TRIGGER IF NOT EXISTS internal_member_patches_anew
AFTER UPDATE OF schema_internal ON internal_cluster_members
BEGIN
  DELETE FROM internal_member_patches WHERE member = NEW.name;
END;
CREATE TRIGGER IF NOT EXISTS internal_member_patches_gone
AFTER DELETE ON internal_cluster_members
BEGIN
  DELETE FROM internal_member_patches WHERE member = OLD.name;
END`;

const PATCHES = `
CREATE TABLE IF NOT EXISTS internal_patches (
  name   TEXT PRIMARY KEY,
  member TEXT NOT NULL
)`;

/** Rows with what members have said of their patches, and from now on can say. */
export async function withPatches<Known extends Row>(
  transaction: Transaction,
  rows: readonly Known[],
): Promise<Known[]> {
  await transaction.script(MEMBER_PATCHES);
  return withSaidPatches(transaction, rows);
}

const SAYS_PATCHES = "SELECT name FROM sqlite_master WHERE name = 'internal_member_patches'";

/** Rows with what members have said of their patches, if anybody has. Writes nothing. */
export async function withSaidPatches<Known extends Row>(
  transaction: Transaction,
  rows: readonly Known[],
): Promise<Known[]> {
  if ((await transaction.all(SAYS_PATCHES)).length === 0) return [...rows];
  const told = await transaction.all<{ member: string; patches: number }>('SELECT * FROM internal_member_patches');
  const counts = new Map(told.map(({ member, patches }) => [member, patches]));
  return rows.map((row) => {
    const patches = counts.get(row.member);
    return patches === undefined ? row : { ...row, patchCount: patches };
  });
}

/** Record how many patches a member's build has. */
export async function recordPatches(transaction: Transaction, { member, patchCount = 0 }: Row): Promise<void> {
  const insert = 'INSERT OR REPLACE INTO internal_member_patches (member, patches) VALUES (?, ?)';
  await transaction.run(insert, member, patchCount);
}

export class PatchError extends Error {
  override name = 'PatchError';
}

/** A place in the transaction where a test can hold the member. */
type BeforeCommit = () => Promise<void>;

/**
 * Run a patch of the database in one transaction, or find it run.
 * @throws PatchError saying why it could not be run; then nothing was changed
 */
export async function runPatch(
  database: Database,
  by: PatchBy,
  member: string,
  patch: Patch,
  change: DatabaseChange,
  beforeCommit: BeforeCommit,
): Promise<{ outcome: PatchOutcome; decidedNs: number }> {
  try {
    return await database.write(async (transaction) => {
      const ruling = examinePatch(by, patch, await claimsOf(transaction, by));
      if (ruling.outcome === 'ran') await transaction.script(change.sql);
      if (ruling.claims)
        await transaction.run('INSERT INTO internal_patches (name, member) VALUES (?, ?)', patch.name, member);
      await beforeCommit();
      return { outcome: ruling.outcome, decidedNs: nowNs() };
    }, change.patienceMs ?? Number.POSITIVE_INFINITY);
  } catch (error) {
    if (error instanceof PassingError) throw error;
    throw new PatchError(
      error instanceof UnavailableError ? `it does not wait: ${error.message}` : (error as Error).message,
      {
        cause: error,
      },
    );
  }
}

async function claimsOf(transaction: Transaction, by: PatchBy): Promise<Claims> {
  if (by === 'each') return {};
  await transaction.script(PATCHES);
  const claims = await transaction.all<{ name: string; member: string }>('SELECT * FROM internal_patches');
  return Object.fromEntries(claims.map(({ name, member }) => [name, member]));
}
