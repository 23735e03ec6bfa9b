/** Versions side by side: the kind of the step between two of them. */
import { AXES, COLUMN_SINCE, count, sameNames, type Version } from '../../node/upgrade/version.ts';

/**
 * What a refresh from one version to another raises. `introduces`: the step applies the update that introduces the
 * column `api_extensions`, and ships extensions. `both`, `schema`, `api`: what the name says, with the column there.
 * `back`: to an older version. `mixed`: up on one axis and down on another, or other names. `none`: nothing.
 */
export type StepKind = 'introduces' | 'both' | 'schema' | 'api' | 'back' | 'mixed' | 'none';

/** @param columnSince the schema update that introduces the column; 0 where the daemon has always had it */
export function stepKind(from: Version, to: Version, columnSince = COLUMN_SINCE): StepKind {
  const moves = AXES.map((axis) => Math.sign(count(to, axis) - count(from, axis)));
  const up = moves.includes(1);
  const down = moves.includes(-1);
  if (up && down) return 'mixed';
  if (down) return 'back';
  const shared = from.extensions.length;
  if (!sameNames(from.extensions, to.extensions.slice(0, shared))) return 'mixed';
  if (!up) return 'none';
  const raisesApi = to.extensions.length > from.extensions.length;
  const raisesSchema = to.internal > from.internal || to.external > from.external;
  if (raisesSchema && raisesApi) return from.internal < columnSince ? 'introduces' : 'both';
  return raisesSchema ? 'schema' : 'api';
}
