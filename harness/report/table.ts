/** Tables of text, with a line below their headings and no other; made to fit by wrapping their cells. */
import Table from 'cli-table3';
import colors from 'picocolors';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import { FILE, type Screen } from './screen.ts';

/** Between two columns, in characters. */
const GAP = 2;
/** A column is not made narrower than this, however little room there is. */
const NARROWEST = 4;

export function tableText(
  headings: readonly string[],
  rows: ReadonlyArray<readonly string[]>,
  { columns }: Pick<Screen, 'columns'> = FILE,
): string {
  const widths = fitted([headings, ...rows], columns);
  const cells = (row: readonly string[]): string[] =>
    row.map((cell, column) => (widths === null ? cell : wrapAnsi(cell, widths[column]!, { hard: true })));
  const table = new Table({ ...looksOf(cells(headings)), ...(widths === null ? {} : { colWidths: [...widths] }) });
  for (const row of rows) table.push(cells(row));
  return table.toString();
}

/**
 * The widths of columns so that all fit; null where they do as they are. The widest that can be broken between words gives way
 * first; words are broken only where nothing else helps.
 */
function fitted(rows: ReadonlyArray<readonly string[]>, columns: number): number[] | null {
  const count = Math.max(...rows.map((row) => row.length));
  const widest = (separator: RegExp): number[] =>
    Array.from({ length: count }, (_, column) =>
      Math.max(...rows.flatMap((row) => (row[column] ?? '').split(separator).map((piece) => stringWidth(piece)))),
    );
  const widths = widest(/\n/);
  const least = widest(/\s+/);
  let excess = widths.reduce((sum, width) => sum + width, 0) + GAP * (count - 1) - columns;
  if (excess <= 0) return null;
  for (; excess > 0; excess -= 1) {
    const breakable = widths.map((width, column) => (width > least[column]! ? width : 0));
    const candidates = Math.max(...breakable) > 0 ? breakable : widths;
    const column = candidates.indexOf(Math.max(...candidates));
    if (widths[column]! <= NARROWEST) break;
    widths[column]! -= 1;
  }
  return widths;
}

export function plainTable(headings: readonly string[]): Table.Table {
  return new Table(looksOf(headings));
}

function looksOf(headings: readonly string[]): Table.TableConstructorOptions {
  const none = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
  };
  const inner = { left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '' };
  return {
    head: headings.map((heading) => colors.dim(heading)),
    chars: { ...none, ...inner, middle: ' '.repeat(GAP) },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  };
}
