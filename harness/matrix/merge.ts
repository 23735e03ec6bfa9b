/** Merging the results of shards, or of several runs of one matrix. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../input/errors.ts';
import type { Results } from './results.ts';
import { judgedOf } from './state.ts';

/** Results, and the folder they were read from. */
export interface Part {
  readonly folder: string;
  readonly results: Results;
}

export interface Merged {
  readonly results: Results;
  /** Rolls that several parts have of a repeat of a cell, and that do not agree: a sentence each. */
  readonly conflicts: readonly string[];
}

/**
 * The union of what was rolled. All cells of the matrix are in its share, so that those which nobody rolled are missing.
 * @throws InputError where the parts are not of one matrix
 */
export function merge(parts: readonly [Part, ...Part[]]): Merged {
  const [first, ...others] = parts;
  for (const other of others) refuseAnotherMatrix(first, other);
  const attempts = parts.flatMap(({ results }) => results.attempts);
  const startedAt = parts.map(({ results }) => results.startedAt).toSorted()[0]!;
  const cells = first.results.cells.map((cell) => ({ ...cell, inShare: true }));
  return { results: { ...first.results, startedAt, shard: null, cells, attempts }, conflicts: conflictsOf(parts) };
}

const SHARED = ['spec', 'versions'] as const satisfies ReadonlyArray<keyof Results>;

function refuseAnotherMatrix(one: Part, other: Part): void {
  for (const key of SHARED) {
    const [mine, its] = [one.results[key], other.results[key]];
    const differing = [...new Set([...Object.keys(mine), ...Object.keys(its)])].find(
      (name) => !isDeepStrictEqual(mine[name], its[name]),
    );
    if (differing === undefined) continue;
    throw new InputError(
      `${other.folder} is not of the same matrix as ${one.folder}: ${key}.${differing} is ` +
        `${JSON.stringify(its[differing])} there, and ${JSON.stringify(mine[differing])} here`,
    );
  }
}

function conflictsOf(parts: readonly Part[]): string[] {
  const rolls = parts.flatMap(({ folder, results }) =>
    judgedOf(results.attempts).map((attempt) => ({ folder, attempt })),
  );
  const same = Map.groupBy(rolls, ({ attempt }) => `${attempt.cell}, repeat ${attempt.repeat}`);
  return [...same].flatMap(([name, own]) => {
    const holding = own.find(({ attempt }) => attempt.verdict === 'holds');
    const broken = own.find(({ attempt }) => attempt.verdict !== 'holds');
    return holding === undefined || broken === undefined
      ? []
      : [`${name}: holds in ${holding.folder}, and does not in ${broken.folder}`];
  });
}
