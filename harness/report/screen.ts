/** What text is printed on, and how it is made to fit: wrapped by words, and cut where it is longer than a screen. */
import type { WriteStream } from 'node:tty';
import cliTruncate from 'cli-truncate';
import wrapAnsi from 'wrap-ansi';

/** Sizes in characters and lines. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
}

/** A file: everything is written, and a line is as long as it is. */
export const FILE: Screen = { columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY };

/** Whoever reads a pipe sees it on a screen some time; lines are left whole for tools. */
const PIPE: Screen = { columns: Number.POSITIVE_INFINITY, rows: 60 };

/** @param stream standard output, or standard error */
export function screenOf(stream: Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>): Screen {
  // Some terminals have no size at first.
  return stream.isTTY ? { columns: stream.columns || 80, rows: stream.rows || 24 } : PIPE;
}

/** Wrapped by words. @param indent of every line but the first, in characters */
export function wrapped(text: string, { columns }: Pick<Screen, 'columns'>, indent = 0): string {
  if (columns === Number.POSITIVE_INFINITY) return text;
  const lines = text.split('\n').map((line) => wrapAnsi(line, Math.max(1, columns - indent)));
  return lines.map((line) => line.replaceAll('\n', `\n${' '.repeat(indent)}`)).join('\n');
}

/** One line that ends in `…` where it has no room. */
export function cut(line: string, { columns }: Pick<Screen, 'columns'>): string {
  return columns === Number.POSITIVE_INFINITY ? line : cliTruncate(line, columns);
}

/**
 * No more lines than a screen has: of a list that is longer, the beginning, and a line about the rest.
 * @param rest says so many lines are left out
 */
export function shortList(lines: readonly string[], rows: number, rest: (left: number) => string): readonly string[] {
  if (lines.length <= rows) return lines;
  const shown = Math.max(0, Math.floor(rows) - 1);
  return [...lines.slice(0, shown), rest(lines.length - shown)];
}
