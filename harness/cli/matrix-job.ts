/** What a matrix command is to do: a matrix from its spec, or one that was interrupted. */
import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Chosen } from '../daemon/choose.ts';
import { InputError, inNameOf } from '../input/errors.ts';
import { keyWords } from '../input/faults.ts';
import { type Cell, cellsOf, isPossible } from '../matrix/cells.ts';
import { OWN } from '../matrix/dimensions.ts';
import type { RolledDaemon } from '../matrix/pairs.ts';
import { durationsOf, MATRIX_FORMAT, type Results } from '../matrix/results.ts';
import type { Task } from '../matrix/roll-matrix.ts';
import { longestFirst, parseShard, shardName, shareOf } from '../matrix/shard.ts';
import { type MatrixSpec, matrixFile, specFrom } from '../matrix/spec.ts';
import { judgedOf } from '../matrix/state.ts';
import { latestMatrix, readResults } from '../store/matrix-folder.ts';
import { rollLine } from './again.ts';
import { inPlaceOfSpec, SPEC_FLAGS, type SpecFlags, specOf } from './matrix-options.ts';
import { runsFolder } from './options.ts';

export interface MatrixJobFlags extends SpecFlags {
  readonly shard?: string;
  readonly durations?: string;
}

/** A matrix that is to be rolled, or to be gone on with. */
export interface MatrixJob {
  readonly spec: MatrixSpec;
  readonly cells: readonly Cell[];
  /** What is known already. */
  readonly results: Results;
  /** The folder to go on in; null where there is none yet. */
  readonly path: string | null;
  /** Milliseconds that rolls took before, by the cell's id. */
  readonly recordedMs: ReadonlyMap<string, number>;
}

/**
 * A matrix from a matrix file and flags.
 * @throws InputError naming file, line and key, or the flag
 */
export function begun(file: string | undefined, flags: MatrixJobFlags, rolled: Chosen): MatrixJob {
  const { versions } = rolled;
  const spec = specOf(file, flags, rolled);
  const cells = inPlaceOfSpec(file, flags, () => cellsOf(spec, rolled));
  const recordedMs = recordedDurations(flags.durations);
  const shard = flags.shard === undefined ? null : parseShard(flags.shard);
  const share = shard === null ? null : shareOf(cells, shard, recordedMs);
  const named = new Set(cells.flatMap(({ from, to }) => [from, to]));
  const pinned = [...versions].filter(([name]) => named.has(name));
  const results: Results = {
    format: MATRIX_FORMAT,
    startedAt: new Date().toISOString(),
    jobs: 1,
    shard: shard === null ? null : shardName(shard),
    spec: { ...spec },
    versions: Object.fromEntries(
      pinned.map(([name, version]) => [name, { ...version, extensions: [...version.extensions] }]),
    ),
    cells: cells.map(({ plan, ...cell }) => ({
      ...cell,
      inShare: share?.has(cell.id) ?? true,
      again: plan === null ? null : rollLine(plan, rolled),
    })),
    attempts: [],
  };
  return { spec, cells, results, path: null, recordedMs };
}

/**
 * A matrix that stopped before its end. What came to no verdict is rolled again.
 * @throws InputError where it cannot be read, or versions are not what they were
 */
export function resumed(
  path: string,
  file: string | undefined,
  flags: MatrixJobFlags,
  choose: (daemon: string | undefined) => RolledDaemon,
): MatrixJob {
  const own = ['shard', 'durations', ...SPEC_FLAGS] as const;
  const excess = file ?? own.flatMap((name) => (flags[name] === undefined ? [] : [`--${name}`]))[0];
  if (excess !== undefined) throw new InputError(`--resume ${path}: the run says what is rolled: drop ${excess}`);
  const saved = readResults(path);
  const said = typeof saved.spec.daemon === 'string' ? saved.spec.daemon : undefined;
  const rolled = inNameOf(`--resume ${path}`, () => choose(said));
  const { versions } = rolled;
  const parsed = matrixFile(rolled).safeParse(withoutOwn(saved.spec));
  const changed = Object.entries(saved.versions).find(([name, was]) => !isDeepStrictEqual(was, versions.get(name)));
  if (changed !== undefined || !parsed.success) {
    const issue = parsed.error?.issues[0];
    const what = changed?.[0] ?? `spec.${keyWords(issue?.path ?? [])}${issue?.message}`;
    throw new InputError(`--resume ${path}: ${what}: not what it was when this matrix was begun: begin another`);
  }
  const spec = specFrom(rolled, parsed.data);
  const results = { ...saved, attempts: judgedOf(saved.attempts) };
  const cells = inNameOf(`--resume ${path}`, () => cellsOf(spec, rolled));
  return { spec, cells, results, path, recordedMs: durationsOf(saved) };
}

/** A dimension that is none of its daemon has a value that nobody can say. */
function withoutOwn(spec: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isOwn = isDeepStrictEqual(spec.strategies, [OWN]);
  const { strategies, wakeups, databases, wait, paces, insecure, ...shared } = spec;
  if (!isOwn) return { ...spec };
  return isDeepStrictEqual(paces, [OWN]) ? shared : { ...shared, paces };
}

function recordedDurations(where: string | undefined): Map<string, number> {
  if (where !== undefined) return durationsOf(readResults(where));
  const latest = latestMatrix(runsFolder());
  return existsSync(latest) ? durationsOf(readResults(latest)) : new Map();
}

/** What is still to be rolled: each cell once before any is rolled again, those that take longest first. */
export function tasksOf({ spec, cells, results, recordedMs }: MatrixJob): Task[] {
  const share = new Set(results.cells.flatMap(({ id, inShare }) => (inShare ? [id] : [])));
  const done = new Set(results.attempts.map(({ cell, repeat }) => `${cell} ${repeat}`));
  const possible = longestFirst(cells.filter(isPossible), recordedMs).filter(({ id }) => share.has(id));
  return Array.from({ length: spec.repeat }, (_, index) => index + 1)
    .flatMap((repeat) => possible.map((cell) => ({ cell, repeat })))
    .filter(({ cell, repeat }) => !done.has(`${cell.id} ${repeat}`));
}
