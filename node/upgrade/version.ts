/**
 * A version: what one build of the daemon pins, and the rows that members record about it.
 *
 * A version number is the length of a list: of internal schema updates (the framework's), of external schema
 * updates (the application's), of API extension names.
 */
import type { Patch } from './patch.ts';

/** The three axes on which a version can move. */
export const AXES = ['internal', 'external', 'api'] as const;
/** What a gate can look at. A version may bring a patch without moving on any axis. */
export type Axis = (typeof AXES)[number] | 'patch';

/** How many internal and external schema updates: those a build knows, or those a database has had applied. */
export interface Schema {
  readonly internal: number;
  readonly external: number;
}

/** What one build pins: its schema, and the names of its API extensions in the order of their introduction. */
export interface Version extends Schema {
  readonly name: string;
  readonly extensions: readonly string[];
  /** Its local patches, in order; none where it says nothing of them. */
  readonly patches?: readonly Patch[];
}

/** Whether what came from elsewhere is a version. */
export function isVersion(told: unknown): told is Version {
  const {
    name,
    internal,
    external,
    extensions,
    patches = [],
  } = (told ?? {}) as Partial<Record<keyof Version, unknown>>;
  const areNames = Array.isArray(extensions) && extensions.every((extension) => typeof extension === 'string');
  const arePatches = Array.isArray(patches) && patches.every((patch) => typeof patch?.name === 'string');
  return typeof name === 'string' && [internal, external].every(Number.isSafeInteger) && areNames && arePatches;
}

/** What one member has recorded of itself in the cluster database. Unrecorded extensions are an empty list. */
export interface Row extends Schema {
  readonly member: string;
  readonly extensions: readonly string[];
  /** How many patches its build has: recorded at the gate of the patches, and taken back whenever it records anything anew. */
  readonly patchCount?: number;
}

/** Everything a gate looks at: the schema that has been applied, and the row of every member. */
export interface View {
  readonly applied: Schema;
  readonly rows: readonly Row[];
}

/** The internal schema update that introduces the column `api_extensions`; before it no count can be recorded. */
export const COLUMN_SINCE = 2;

/** Whether the applied schema has the column `api_extensions`. */
export function hasColumn(applied: Schema): boolean {
  return applied.internal >= COLUMN_SINCE;
}

/** A version or a row, as far as its numbers go. */
type Numbered = Schema & {
  readonly extensions: readonly string[];
  readonly patches?: readonly Patch[];
  readonly patchCount?: number;
};

/** The number of a version, or of a row, on one axis. */
export function count(of: Numbered, axis: Axis): number {
  if (axis === 'patch') return of.patchCount ?? of.patches?.length ?? 0;
  return axis === 'api' ? of.extensions.length : of[axis];
}

/** Whether a row says that its member runs a build with fewer updates. What it says of extensions may be missing, with the column. */
export function hasOlderSchema(row: Schema, than: Schema): boolean {
  return row.internal < than.internal || row.external < than.external;
}

/**
 * Whether a row says that its member runs a newer build than this: what a member learns from that a peer is newer. Of a patch it
 * says something only where patches wait for all.
 */
export function isNewer(row: Numbered, than: Version): boolean {
  return [...AXES, 'patch' as const].some((axis) => count(row, axis) > count(than, axis));
}

/** The patches of a version, in order. */
export function patchesOf({ patches }: Pick<Version, 'patches'>): readonly Patch[] {
  return patches ?? [];
}

/** Whether two versions have the same patches, name by name. */
export function samePatches(one: Pick<Version, 'patches'>, other: Pick<Version, 'patches'>): boolean {
  const names = (version: Pick<Version, 'patches'>) => patchesOf(version).map(({ name }) => name);
  return sameNames(names(one), names(other));
}

/** Whether a version has a patch. */
export function hasPatch(version: Pick<Version, 'patches'>, { name }: Pick<Patch, 'name'>): boolean {
  return patchesOf(version).some((patch) => patch.name === name);
}

/** Whether two lists of extension names are the same, name by name. */
export function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}

/** Whether two versions, or a version and a row, are the same on every axis, extensions name by name. */
export function sameVersion(one: Numbered, other: Numbered): boolean {
  return (
    one.internal === other.internal && one.external === other.external && sameNames(one.extensions, other.extensions)
  );
}
