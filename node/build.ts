/** What this build of the daemon pins, as the version file beside it says: the version, and the SQL of its updates and patches. */
import { readFileSync } from 'node:fs';
import type { Patch } from './upgrade/patch.ts';
import { hasColumn, patchesOf, type Version } from './upgrade/version.ts';

/** One ordered schema update. */
export interface SchemaUpdate {
  readonly kind: 'internal' | 'external';
  /** Counts from 1 within its kind. */
  readonly version: number;
  readonly sql: string;
}

/** A patch of the cluster's database. */
export interface DatabaseChange {
  readonly name: string;
  readonly sql: string;
  /** How long the patch tries to get the database, where it does not wait; null where it does. */
  readonly patienceMs: number | null;
  /** Whether the values of records lie in a table of their own from then on. */
  readonly movesRecords: boolean;
}

/** A patch of the member's state folder: a file of it has another place from then on. */
export interface StateChange {
  readonly name: string;
  readonly move: { readonly from: string; readonly to: string };
}

export type PatchChange = DatabaseChange | StateChange;

/** The content of a version file (JSON). */
export interface Build {
  readonly version: Version;
  /** As many of each kind as the version says, in order. */
  readonly updates: readonly SchemaUpdate[];
  /** One for each patch of the version, in order; none where it has none. */
  readonly changes?: readonly PatchChange[];
}

export class BuildError extends Error {
  override name = 'BuildError';
}

/**
 * Read a version file.
 * @throws BuildError naming the file and what is wrong with it
 */
export function readBuild(file: string): Build {
  let build: Build;
  try {
    build = JSON.parse(readFileSync(file, 'utf8')) as Build;
  } catch (error) {
    throw new BuildError(`cannot read the version file ${file}: ${(error as Error).message}`);
  }
  const fault = faultOf(build);
  if (fault !== null) throw new BuildError(`the version file ${file} is not usable: ${fault}`);
  return build;
}

/** What a patch of this build changes. */
export function changeOf({ changes = [] }: Build, { name }: Patch): PatchChange {
  const found = changes.find((change) => change.name === name);
  if (found === undefined) throw new Error(`this build has no patch ${name}`);
  return found;
}

function faultOf(build: Build): string | null {
  const { version, updates } = build;
  if (typeof version?.name !== 'string') return 'version.name is missing';
  if (!Array.isArray(version.extensions)) return 'version.extensions is not a list';
  if (!Array.isArray(updates)) return 'updates is not a list';
  if (version.extensions.length > 0 && !hasColumn(version)) return 'extensions need internal schema update 2';
  for (const kind of ['internal', 'external'] as const) {
    const numbers = updates.filter((update) => update.kind === kind).map((update) => update.version);
    const inOrder = numbers.every((number, index) => number === index + 1);
    if (!inOrder || numbers.length !== version[kind])
      return `updates do not hold ${kind} 1 to ${version[kind]}, in order`;
  }
  const names = patchesOf(version).map(({ name }) => name);
  if (names.join() !== (build.changes ?? []).map(({ name }) => name).join())
    return 'changes do not hold one for each patch of the version, in order';
  return null;
}
