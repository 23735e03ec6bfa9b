/** A matrix as text for a terminal: a table pair × order with a word for each cell, and what is to be said of them. */
import colors from 'picocolors';
import { invocation } from '../host/invocation.ts';
import { sentencesOf } from '../matrix/figures.ts';
import { cellsText, type Remark, remarksOf, remarkText } from '../matrix/remarks.ts';
import type { Results } from '../matrix/results.ts';
import { type CellResult, type CellState, cellResults, isFine, summaryOf } from '../matrix/state.ts';
import { type MatrixTable, tableHeading, tablesOf } from '../matrix/tables.ts';
import { printable } from './printable.ts';
import { FILE, type Screen, shortList, wrapped } from './screen.ts';
import { tableText } from './table.ts';

/** The words for the states, and how a terminal shows them. */
const MARKS: Readonly<Record<CellState, readonly [word: string, colour: (text: string) => string]>> = {
  holds: ['holds', colors.green],
  broken: ['BROKEN', colors.red],
  unknown: ['unknown', colors.yellow],
  flaky: ['FLAKY', colors.yellow],
  'no-verdict': ['no verdict', colors.magenta],
  impossible: ['–', colors.dim],
  'not-run': ['not run', colors.dim],
};

export function stateWord(state: CellState): string {
  return MARKS[state][0];
}

/**
 * The tables, the remarks, and the summary; no longer than the screen.
 * @param place where the rest is
 */
export function matrixReport(results: Results, place = '', screen: Screen = FILE): string {
  const cells = cellResults(results);
  const remarks = remarksOf(cells).flatMap((remark) => remarkLines(remark, screen).split('\n'));
  const count = `${summaryLine(cells)}${results.shard === null ? '' : ` (share ${results.shard})`}.`;
  const ending = [...sentencesOf(results).map(printable), count].map((text) => wrapped(text, screen)).join('\n');
  const tables = tablesOf(cells).flatMap((table) => `${gridText(table, screen)}\n`.split('\n'));
  const rest = (what: string) => (left: number) => colors.dim(`… and ${left} more lines of ${what}: ${place}`);
  // The tables have the half at least: they name every cell.
  const room = screen.rows - ending.split('\n').length - 1;
  const forTables = Math.max(Math.floor(room / 2), room - remarks.length);
  const shownTables = shortList(tables, forTables, rest('tables'));
  const shownRemarks = shortList(remarks, room - shownTables.length, rest('remarks'));
  return [...shownTables, ...shownRemarks, ...(remarks.length === 0 ? [] : ['']), ending].join('\n');
}

function gridText(table: MatrixTable, screen: Screen): string {
  const rows = table.rows.map(({ pair, cells }) => [
    pair,
    ...cells.map((cell) => (cell === null ? '' : mark(cell.state))),
  ]);
  return `${colors.bold(wrapped(tableHeading(table), screen))}\n${tableText(['pair', ...table.orders], rows, screen)}`;
}

function mark(state: CellState): string {
  const [word, colour] = MARKS[state];
  return colour(word);
}

function remarkLines(remark: Remark, screen: Screen): string {
  const word = remark.state === 'impossible' ? colors.dim('impossible') : mark(remark.state);
  const folders = remark.folders.map((folder) => colors.dim(`\n    ${folder}`)).join('');
  const again = remark.again === null ? '' : colors.dim(`\n    again: ${invocation()} ${remark.again}`);
  const text = `${word}  ${printable(`${cellsText(remark)}: ${remarkText(remark)}`)}`;
  return `${wrapped(text, screen, 2)}${folders}${again}`;
}

function summaryLine(cells: readonly CellResult[]): string {
  const fine = cells.every(({ state }) => isFine(state));
  return colors.bold((fine ? colors.green : colors.red)(summaryOf(cells)));
}
