/** Ratios within one run: machines differ and are shared, ratios of things measured side by side much less. */

export interface Ratio {
  readonly what: string;
  /** Milliseconds, medians of the runs. */
  readonly measuredMs: number;
  readonly againstMs: number;
  readonly against: string;
  /** The ratio should stay below this. */
  readonly aim: number;
  readonly runs: number;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('a median needs a value');
  return middle;
}

/** The value that `share` percent of all do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const found = sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * share) / 100))];
  if (found === undefined) throw new Error('a percentile needs a value');
  return found;
}

/** Milliseconds that a piece of work takes. */
export async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const startNs = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - startNs) / 1e6;
}
