/** The folder `versions/`: one YAML file a version, and the ordered SQL files of the updates that versions count. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { Build, SchemaUpdate } from '../../node/build.ts';
import { COLUMN_SINCE, type Version } from '../../node/upgrade/version.ts';
import { InputError } from './errors.ts';
import { PatchName, type PatchSource, readPatch } from './patches.ts';
import { VersionName } from './values.ts';
import { readYaml } from './yaml.ts';

/** A version with the sentence that says what it is for, and all that a build of it needs. */
export interface VersionSource {
  readonly about: string;
  readonly build: Build;
}

/** By name, in the order of their names. */
export type Versions = ReadonlyMap<string, VersionSource>;

const countOf = z.int('must be a whole number').min(1, 'must be 1 or more').max(10_000, 'must be 10000 or fewer');
const extensionName = z
  .string('must be a text')
  .regex(/^[a-z][a-z0-9_]{0,99}$/, 'must be lower-case letters, digits and underscores, at most 100');

export const VersionFile = z.strictObject({
  about: z.string('must say in a sentence what the version is for'),
  internal: countOf,
  external: countOf,
  extensions: z
    .array(extensionName, 'must be a list of extension names')
    .refine((names) => new Set(names).size === names.length, {
      message: 'must not name an extension twice',
    }),
  patches: z
    .array(PatchName, 'must be a list of patches')
    .refine((names) => new Set(names).size === names.length, { message: 'must not name a patch twice' })
    .optional(),
});

/**
 * Read all versions of a folder.
 * @throws InputError naming file, line and key
 */
export function readVersions(folder: string): Versions {
  const files = listed(folder, /\.yaml$/);
  if (files.length === 0) throw new InputError(`${folder}: no version here; add one as a file such as v1.yaml`);
  return new Map(files.map((file) => [basename(file, '.yaml'), readVersion(folder, file)]));
}

function readVersion(folder: string, name: string): VersionSource {
  const file = join(folder, name);
  const named = VersionName.safeParse(basename(name, '.yaml'));
  if (!named.success) throw new InputError(`${file}: its name, without .yaml, ${named.error.issues[0]!.message}`);
  const { about, internal, external, extensions, patches } = readYaml(file, 'version', VersionFile);
  if (extensions.length > 0 && internal < COLUMN_SINCE) {
    throw new InputError(
      `${file}: extensions: they need internal schema update ${COLUMN_SINCE}, and internal is ${internal}`,
    );
  }
  const sources = (patches ?? []).map((patch) => readPatch(folder, file, patch));
  const version: Version = { name: named.data, internal, external, extensions, ...patchesIn(sources) };
  const updates = [...updatesOf(folder, file, 'internal', internal), ...updatesOf(folder, file, 'external', external)];
  const changes = sources.map(({ change }) => change);
  return { about, build: { version, updates, ...(changes.length === 0 ? {} : { changes }) } };
}

/** A version without patches says nothing of them, as before there were any. */
function patchesIn(sources: readonly PatchSource[]): Pick<Version, 'patches'> {
  return sources.length === 0 ? {} : { patches: sources.map(({ patch }) => patch) };
}

function updatesOf(folder: string, file: string, kind: SchemaUpdate['kind'], wanted: number): SchemaUpdate[] {
  const subfolder = join(folder, 'schema', kind);
  const files = listed(subfolder, /^\d+-.*\.sql$/);
  return Array.from({ length: wanted }, (_, index) => {
    const version = index + 1;
    const found = files.filter((name) => Number.parseInt(name, 10) === version);
    if (found.length !== 1) {
      const problem = found.length === 0 ? 'there is none' : `there are ${found.length}`;
      throw new InputError(`${file}: ${kind}: needs one update ${subfolder}/${version}-*.sql, and ${problem}`);
    }
    return { kind, version, sql: readFileSync(join(subfolder, found[0]!), 'utf8') };
  });
}

/** Of v4.yaml, v4: it comes before v4.1, as its file would not. */
function nameIn(file: string): string {
  return file.replace(/\.\w+$/, '');
}

function listed(folder: string, pattern: RegExp): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => pattern.test(name))
      .sort((one, other) => nameIn(one).localeCompare(nameIn(other), 'en', { numeric: true }));
  } catch (error) {
    throw new InputError(`${folder}: cannot read this folder of versions: ${(error as Error).message}`);
  }
}
