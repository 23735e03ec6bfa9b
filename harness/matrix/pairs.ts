/** Pairs of versions, from which and to which a cluster is rolled. */
import { patchesOf, type Version } from '../../node/upgrade/version.ts';
import { InputError } from '../input/errors.ts';
import type { DaemonSource } from '../plan/daemon.ts';
import { type StepKind, stepKind } from '../plan/step-kind.ts';

/** The word for every forward pair of the main line: of the versions without patches. */
export const FORWARD = 'forward';

/** The daemon that a matrix rolls, and its versions. */
export interface RolledDaemon {
  readonly name: string;
  readonly source: DaemonSource;
  readonly versions: ReadonlyMap<string, Version>;
  /** Null where it is ours; of another, its versions are in the order in which its description has them. */
  readonly described: object | null;
}

export interface Pair {
  readonly from: string;
  readonly to: string;
}

const FORWARD_KINDS: readonly StepKind[] = ['introduces', 'both', 'schema', 'api', 'patch'];

/** `v1-v2` */
export function pairName({ from, to }: Pair): string {
  return `${from}-${to}`;
}

/**
 * The pairs that a text names: `v1-v2`, or `forward` for all of the main line.
 * @throws InputError saying what is wrong with it
 */
export function pairsNamed(text: string, rolled: RolledDaemon): Pair[] {
  const { versions } = rolled;
  if (text === FORWARD) return rolled.described === null ? forwardPairs(versions) : pairsInOrder(versions);
  // Names of versions may hold hyphens themselves.
  const parts = text.split('-');
  const splits = parts.slice(1).map((_, index) => ({
    from: parts.slice(0, index + 1).join('-'),
    to: parts.slice(index + 1).join('-'),
  }));
  const pair = splits.find(({ from, to }) => versions.has(from) && versions.has(to));
  if (pair === undefined) {
    const names = [...versions.keys()].join(', ');
    throw new InputError(`${text}: must be ${FORWARD}, or two versions such as v1-v2; there are ${names}`);
  }
  if (rolled.described !== null) return [pair];
  const kind = stepKind(versions.get(pair.from)!, versions.get(pair.to)!);
  if (!FORWARD_KINDS.includes(kind)) {
    throw new InputError(`${text}: is a step of kind "${kind}"; a matrix rolls forward, the rest is for scenarios`);
  }
  return [pair];
}

/** Every forward pair of the main line: without forks, which no later version continues, and without releases of patches. */
function forwardPairs(versions: ReadonlyMap<string, Version>): Pair[] {
  const all = [...versions.values()].filter((version) => patchesOf(version).length === 0);
  const before = (newer: Version): Version[] => all.filter((older) => leadsTo(older, newer));
  const newest = all.reduce((best, next) => (before(next).length >= before(best).length ? next : best));
  const line = [...before(newest), newest];
  return line.flatMap((from) => line.filter((to) => leadsTo(from, to)).map((to) => ({ from: from.name, to: to.name })));
}

/** Every version to every later one. */
function pairsInOrder(versions: ReadonlyMap<string, Version>): Pair[] {
  const names = [...versions.keys()];
  return names.flatMap((from, index) => names.slice(index + 1).map((to) => ({ from, to })));
}

function leadsTo(from: Version, to: Version): boolean {
  return FORWARD_KINDS.includes(stepKind(from, to));
}
