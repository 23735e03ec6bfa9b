/** Durations as people write them: `30s`, `500ms`, `2m`. */

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

/** Timers of Node fire at once past this length, instead of late. */
export const LONGEST_MS = 2_147_483_647;

/** What a text must be that is none. */
export const DURATION_WORDS = 'must be a duration such as 30s, 500ms or 2m, more than nothing and at most 24 days';

/**
 * Milliseconds of a duration, or null where the text is not one: a number, then `ms`, `s` or `m`, longer than nothing
 * and no longer than 24 days.
 */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text.trim());
  const unitMs = UNITS_MS[match?.[2] ?? ''];
  if (match === null || unitMs === undefined) return null;
  const durationMs = Math.round(Number(match[1]) * unitMs);
  return durationMs > 0 && durationMs <= LONGEST_MS ? durationMs : null;
}

/** A duration in the unit in which it reads best: `412 µs`, `3.1 ms`, `29.9 s`. */
export function formatDuration(durationMs: number): string {
  const size = Math.abs(durationMs);
  if (size < 0.9995) return `${Math.round(durationMs * 1000)} µs`;
  if (size < 999.5) return `${durationMs.toFixed(size < 9.95 ? 1 : 0)} ms`;
  return `${(durationMs / 1000).toFixed(size < 99_950 ? 1 : 0)} s`;
}
