/** Instants of a roll as a page counts them: in milliseconds since the first refresh. */
import type { Lanes } from '../lanes.ts';

export function since({ fromNs }: Pick<Lanes, 'fromNs'>, atNs: number): number {
  return (atNs - fromNs) / 1e6;
}

/** An instant in words that keep their precision however far in one has zoomed. */
export function told(ms: number): string {
  if (ms === 0) return '0';
  if (Math.abs(ms) >= 1000) return `${Number((ms / 1000).toFixed(4))} s`;
  return `${Number(ms.toFixed(2))} ms`;
}

/** The same in three digits, where there is little room. */
export function toldShortly(ms: number): string {
  return told(Number(ms.toPrecision(3)));
}
