/**
 * What the database knows of trust: whose certificates count, and which tokens have been issued. Neither is a part of the
 * schema that versions count: both come into being with the cluster.
 */
import type { RefusalReason, Trusted } from '../trust/truststore.ts';
import type { Transaction } from './database.ts';

const TABLES = `
CREATE TABLE IF NOT EXISTS internal_trust (
  fingerprint TEXT PRIMARY KEY,
  member      TEXT NOT NULL,
  removed     INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS internal_tokens (
  hash    TEXT PRIMARY KEY,
  member  TEXT NOT NULL,
  expires TEXT NOT NULL,
  used    INTEGER NOT NULL
)`;

export async function createTrust(transaction: Transaction): Promise<void> {
  await transaction.script(TABLES);
}

export async function readTrusted(transaction: Transaction): Promise<Trusted[]> {
  const rows = await transaction.all<{ fingerprint: string; member: string; removed: number }>(
    'SELECT fingerprint, member, removed FROM internal_trust ORDER BY member, fingerprint',
  );
  return rows.map(({ fingerprint, member, removed }) => ({ fingerprint, member, isRemoved: removed === 1 }));
}

/** A member has this certificate from now on, beside any that it has. It must not be, or have been, anybody's. */
export async function trustMember(transaction: Transaction, member: string, fingerprint: string): Promise<void> {
  await transaction.run(
    'INSERT INTO internal_trust (fingerprint, member, removed) VALUES (?, ?, 0)',
    fingerprint,
    member,
  );
}

/** A member has no other certificate than this any more. */
export async function trustOnly(transaction: Transaction, member: string, fingerprint: string): Promise<void> {
  await transaction.run(
    'DELETE FROM internal_trust WHERE member = ? AND removed = 0 AND fingerprint <> ?',
    member,
    fingerprint,
  );
}

/** Whoever shows the certificate of a member that has been taken out is told so. */
export async function distrustMember(transaction: Transaction, member: string): Promise<void> {
  await transaction.run('UPDATE internal_trust SET removed = 1 WHERE member = ?', member);
}

/** @param expires ISO 8601, UTC */
export async function addToken(transaction: Transaction, hash: string, member: string, expires: string): Promise<void> {
  await transaction.run(
    'INSERT INTO internal_tokens (hash, member, expires, used) VALUES (?, ?, ?, 0)',
    hash,
    member,
    expires,
  );
}

/** Why a token lets this member not in; null where it does. */
export async function faultOfToken(
  transaction: Transaction,
  hash: string,
  member: string,
  now: string,
): Promise<RefusalReason | null> {
  const select = 'SELECT member, expires, used FROM internal_tokens WHERE hash = ?';
  const [token] = await transaction.all<{ member: string; expires: string; used: number }>(select, hash);
  if (token === undefined || token.member !== member) return 'token-unknown';
  if (token.used === 1) return 'token-used';
  return token.expires <= now ? 'token-expired' : null;
}

export async function useToken(transaction: Transaction, hash: string): Promise<void> {
  await transaction.run('UPDATE internal_tokens SET used = 1 WHERE hash = ?', hash);
}
