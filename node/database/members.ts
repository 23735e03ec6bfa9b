/** The tables `internal_cluster_members` and `schemas`: who is in the cluster, and which updates have been applied. */
import { hasColumn, type Row, type Schema } from '../upgrade/version.ts';
import type { Role, Transaction } from './database.ts';

/** A member's row with what else the table knows of it. */
export interface MemberRecord extends Row {
  /** Counts from 1, in the order of joining. */
  readonly id: number;
  readonly address: string;
  readonly role: Role;
  /** When the member last said that it is alive: ISO 8601, UTC. */
  readonly heartbeat: string;
}

interface StoredMember {
  id: number;
  name: string;
  address: string;
  schema_internal: number;
  schema_external: number;
  api_extensions?: string;
  heartbeat: string;
  role: Role;
}

/** Whether nobody has bootstrapped a cluster in this database yet. */
export async function isNew(transaction: Transaction): Promise<boolean> {
  const tables = await transaction.all(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'schemas'`);
  return tables.length === 0;
}

/** What has been applied in the database of a cluster. */
export async function readApplied(transaction: Transaction): Promise<Schema> {
  const rows = await transaction.all<{ kind: string; version: number }>(
    'SELECT kind, max(version) AS version FROM schemas GROUP BY kind',
  );
  const versionOf = (kind: string): number => rows.find((row) => row.kind === kind)?.version ?? 0;
  return { internal: versionOf('internal'), external: versionOf('external') };
}

/** All members, in the order of their names. */
export async function readMembers(transaction: Transaction): Promise<MemberRecord[]> {
  const stored = await transaction.all<StoredMember>('SELECT * FROM internal_cluster_members ORDER BY name');
  return stored.map((row) => ({
    id: row.id,
    member: row.name,
    address: row.address,
    internal: row.schema_internal,
    external: row.schema_external,
    extensions: row.api_extensions === undefined ? [] : (JSON.parse(row.api_extensions) as string[]),
    heartbeat: row.heartbeat,
    role: row.role,
  }));
}

/** Add a member. Its extensions are written only if the column exists. @returns its id */
export async function insertMember(
  transaction: Transaction,
  row: Row,
  address: string,
  role: Role,
  applied: Schema,
): Promise<number> {
  await transaction.run(
    `INSERT INTO internal_cluster_members (name, address, schema_internal, schema_external, heartbeat, role)
     VALUES (?, ?, ?, ?, ?, ?)`,
    row.member,
    address,
    row.internal,
    row.external,
    new Date().toISOString(),
    role,
  );
  if (hasColumn(applied)) {
    const update = 'UPDATE internal_cluster_members SET api_extensions = ? WHERE name = ?';
    await transaction.run(update, JSON.stringify(row.extensions), row.member);
  }
  const select = 'SELECT id FROM internal_cluster_members WHERE name = ?';
  return (await transaction.all<{ id: number }>(select, row.member))[0]!.id;
}

/** Take a member out. */
export async function deleteMember(transaction: Transaction, member: string): Promise<void> {
  await transaction.run('DELETE FROM internal_cluster_members WHERE name = ?', member);
}

/** Record what a member runs. Its extensions are written only if the column exists. */
export async function updateMember(transaction: Transaction, row: Row, applied: Schema): Promise<void> {
  const withColumn = hasColumn(applied);
  // One statement, since each is a round trip to the leader where the database is replicated.
  await transaction.run(
    `UPDATE internal_cluster_members SET ${withColumn ? 'api_extensions = ?, ' : ''}
       schema_internal = ?, schema_external = ?, heartbeat = ? WHERE name = ?`,
    ...(withColumn ? [JSON.stringify(row.extensions)] : []),
    row.internal,
    row.external,
    new Date().toISOString(),
    row.member,
  );
}

/** Write the same extensions into every row. */
export async function seedExtensions(transaction: Transaction, extensions: readonly string[]): Promise<void> {
  await transaction.run('UPDATE internal_cluster_members SET api_extensions = ?', JSON.stringify(extensions));
}

/** Say that a member is alive. */
export async function beat(transaction: Transaction, member: string): Promise<void> {
  const now = new Date().toISOString();
  await transaction.run('UPDATE internal_cluster_members SET heartbeat = ? WHERE name = ?', now, member);
}
