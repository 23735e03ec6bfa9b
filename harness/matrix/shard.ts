/** Shards: a matrix cut in shares of about equal length, the same wherever it is cut. */
import { InputError } from '../input/errors.ts';

/** The second of four: `{ index: 2, count: 4 }`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

export const MOST_SHARDS = 256;

/** @throws InputError where the text is not such as 2/4 */
export function parseShard(text: string): Shard {
  const match = /^(\d{1,4})\/(\d{1,4})$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || index < 1 || index > count || count > MOST_SHARDS) {
    throw new InputError(`--shard ${text}: must be a share such as 2/4, of at most ${MOST_SHARDS}`);
  }
  return { index, count };
}

/** `2/4` */
export function shardName({ index, count }: Shard): string {
  return `${index}/${count}`;
}

interface Weighed {
  readonly id: string;
  readonly impossible: string | null;
}

/**
 * How long each cell is expected to take: as recorded, or as the median of what is recorded. Impossible ones take nothing.
 * @param recordedMs by id
 */
export function expectedMs(cells: readonly Weighed[], recordedMs: ReadonlyMap<string, number>): Map<string, number> {
  const known = cells.flatMap(({ id }) => recordedMs.get(id) ?? []).toSorted((one, other) => one - other);
  const unknownMs = known[Math.floor(known.length / 2)] ?? 1;
  return new Map(cells.map(({ id, impossible }) => [id, impossible === null ? (recordedMs.get(id) ?? unknownMs) : 0]));
}

/** The cells with those first that take longest, so that the last to end are short ones. */
export function longestFirst<Of extends Weighed>(cells: readonly Of[], recordedMs: ReadonlyMap<string, number>): Of[] {
  const lengthMs = expectedMs(cells, recordedMs);
  return cells.toSorted((one, other) => lengthMs.get(other.id)! - lengthMs.get(one.id)!);
}

/**
 * The ids of a share. Every cell is in exactly one share of a count, as long as cells and durations are the same.
 * Longest first, each to the share that has least so far.
 */
export function shareOf(
  cells: readonly Weighed[],
  { index, count }: Shard,
  recordedMs: ReadonlyMap<string, number>,
): Set<string> {
  const lengthMs = expectedMs(cells, recordedMs);
  const byName = cells.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const shares = Array.from({ length: count }, () => ({ totalMs: 0, ids: new Set<string>() }));
  for (const { id } of longestFirst(byName, recordedMs)) {
    const least = shares.reduce((best, next) => (next.totalMs < best.totalMs ? next : best));
    least.ids.add(id);
    least.totalMs += lengthMs.get(id)!;
  }
  return shares[index - 1]!.ids;
}
