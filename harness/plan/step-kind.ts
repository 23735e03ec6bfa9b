/** Versions side by side: the kind of the step between two of them. */
import { AXES, COLUMN_SINCE, count, sameNames, samePatches, type Version } from '../../node/upgrade/version.ts';

/**
 * What a refresh from one version to another raises. `introduces`: the step applies the update that introduces the
 * column `api_extensions`, and ships extensions. `both`, `schema`, `api`: what the name says, with the column there.
 * `patch`: a local patch, and nothing else. `back`: to an older version. `mixed`: up on one axis and down on another, or other names. `none`: nothing.
 */
export type StepKind = 'introduces' | 'both' | 'schema' | 'api' | 'patch' | 'back' | 'mixed' | 'none';

/** @param columnSince the schema update that introduces the column; 0 where the daemon has always had it */
export function stepKind(from: Version, to: Version, columnSince = COLUMN_SINCE): StepKind {
  const moves = AXES.map((axis) => Math.sign(count(to, axis) - count(from, axis)));
  const patches = samePatches(from, to) ? 0 : Math.sign(count(to, 'patch') - count(from, 'patch'));
  const up = moves.includes(1);
  const down = moves.includes(-1);
  if ((up && down) || (up && patches < 0)) return 'mixed';
  if (down) return 'back';
  const shared = from.extensions.length;
  if (!sameNames(from.extensions, to.extensions.slice(0, shared))) return 'mixed';
  if (!up) return patches === 0 ? (samePatches(from, to) ? 'none' : 'mixed') : patches > 0 ? 'patch' : 'back';
  const raisesApi = to.extensions.length > from.extensions.length;
  const raisesSchema = to.internal > from.internal || to.external > from.external;
  if (raisesSchema && raisesApi) return from.internal < columnSince ? 'introduces' : 'both';
  return raisesSchema ? 'schema' : 'api';
}
