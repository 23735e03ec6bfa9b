/** What this build of the daemon pins, as the version file beside it says: the version, and the SQL of its updates. */
import { readFileSync } from 'node:fs';
import { hasColumn, type Version } from './upgrade/version.ts';

/** One ordered schema update. */
export interface SchemaUpdate {
  readonly kind: 'internal' | 'external';
  /** Counts from 1 within its kind. */
  readonly version: number;
  readonly sql: string;
}

/** The content of a version file (JSON). */
export interface Build {
  readonly version: Version;
  /** As many of each kind as the version says, in order. */
  readonly updates: readonly SchemaUpdate[];
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
  return null;
}
