/** What text is printed on, and how it is made to fit: wrapped by words, and cut where it is longer than a screen. */
import type { WriteStream } from 'node:tty';
import cliTruncate from 'cli-truncate';
import stringWidth from 'string-width';
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

/** What an answer may fill: an empty line is above it, below it a line that says where it was saved, and the prompt. */
export function roomOf(stream: Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>): Screen {
  const { columns, rows } = screenOf(stream);
  return { columns, rows: rows - AROUND };
}

const AROUND = 3;

/** Wrapped by words. @param indent of every line but the first, in characters */
export function wrapped(text: string, { columns }: Pick<Screen, 'columns'>, indent = 0): string {
  if (columns === Number.POSITIVE_INFINITY) return text;
  const lines = text.split('\n').map((line) => wrapAnsi(line, Math.max(1, columns - indent)));
  return lines.map((line) => line.replaceAll('\n', `\n${' '.repeat(indent)}`)).join('\n');
}

/** Lines of a text that is wrapped beside what stands before it, and is indented by. */
export function beside(before: string, text: string, { columns }: Pick<Screen, 'columns'>): string[] {
  const indent = stringWidth(before);
  return wrapped(text, { columns: columns - indent })
    .split('\n')
    .map((line, index) => `${index === 0 ? before : ' '.repeat(indent)}${line}`);
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

/** The same, but it is the middle that is left out: what comes last says what came of it. */
export function withoutMiddle(
  lines: readonly string[],
  rows: number,
  rest: (left: number) => string,
): readonly string[] {
  if (lines.length <= rows) return lines;
  const shown = Math.max(0, Math.floor(rows) - 1);
  const before = Math.floor(shown / 3);
  const after = shown - before;
  const left = lines.length - shown;
  return [...lines.slice(0, before), rest(left), ...lines.slice(lines.length - after)];
}

/**
 * The first of several ways to say something that is no longer than a screen.
 * @param ways from the fullest to the shortest; of the shortest, where even that is too long, the end, which says what came of it
 */
export function fullestThatFits(ways: ReadonlyArray<() => readonly string[]>, rows: number): readonly string[] {
  let lines: readonly string[] = [];
  for (const way of ways) {
    lines = way();
    if (lines.length <= rows) return lines;
  }
  return lines.slice(-Math.max(1, Math.floor(rows)));
}
