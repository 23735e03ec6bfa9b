/**
 * The promise that the whole protocol is for: a member opens only when every member has recorded its version and stands by
 * it, and the schema is applied. The judge holds real openings to it, the explorer those of every interleaving.
 */
import { AXES, type Axis, count, type Row, type Schema, sameVersion, type Version } from './version.ts';

/**
 * What stands against a member's opening beside another. `no-row`: the other is in no database. `not-recorded`: its row says
 * another version. `lie`: its row says so, and it has looked at its gates since with another, as one that went back and was
 * turned away leaves it.
 */
export type Hindrance = 'no-row' | 'not-recorded' | 'lie';

/**
 * What another member's row and version have against an opening in `version`; null where nothing stands against it.
 * @param lookedWith the version with which the other has looked at its gates since it was started; null where it has not yet:
 * then it may still put its row right
 * @param axes those that the gates of the daemon compare
 */
export function hindranceOf(
  version: Version,
  row: Omit<Row, 'member'> | null,
  lookedWith: Version | null,
  axes: readonly Axis[] = AXES,
): Hindrance | null {
  if (row === null) return 'no-row';
  if (!agree(row, version, axes)) return 'not-recorded';
  return lookedWith === null || agree(lookedWith, version, axes) ? null : 'lie';
}

/** Whether the applied schema is that of a version. */
export function isApplied(applied: Schema, version: Schema): boolean {
  return applied.internal === version.internal && applied.external === version.external;
}

/** On all axes, name by name; on some, by their numbers. */
function agree(one: Omit<Row, 'member'>, other: Version, axes: readonly Axis[]): boolean {
  return axes.length === AXES.length
    ? sameVersion(one, other)
    : axes.every((axis) => count(one, axis) === count(other, axis));
}
