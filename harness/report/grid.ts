/** A matrix as text for a terminal: a table pair × order with a word for each cell, and what is to be said of them. */
import colors from 'picocolors';
import { invocation } from '../host/invocation.ts';
import { cellsText, type Remark, remarksOf, remarkText } from '../matrix/remarks.ts';
import type { Results } from '../matrix/results.ts';
import { type CellResult, type CellState, cellResults, isFine, summaryOf } from '../matrix/state.ts';
import { type MatrixTable, tableHeading, tablesOf } from '../matrix/tables.ts';
import { printable } from './printable.ts';
import { plainTable } from './terminal.ts';

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

/** The tables, the remarks, and the summary. */
export function matrixReport(results: Results): string {
  const cells = cellResults(results);
  const remarks = remarksOf(cells);
  return [
    ...tablesOf(cells).map((table) => `${gridText(table)}\n`),
    ...remarks.map(remarkLines),
    ...(remarks.length === 0 ? [] : ['']),
    `${summaryLine(cells)}${results.shard === null ? '' : ` (share ${results.shard})`}.`,
  ].join('\n');
}

function gridText(table: MatrixTable): string {
  const grid = plainTable(['pair', ...table.orders]);
  for (const { pair, cells } of table.rows)
    grid.push([pair, ...cells.map((cell) => (cell === null ? '' : mark(cell.state)))]);
  return `${colors.bold(tableHeading(table))}\n${grid.toString()}`;
}

function mark(state: CellState): string {
  const [word, colour] = MARKS[state];
  return colour(word);
}

function remarkLines(remark: Remark): string {
  const word = remark.state === 'impossible' ? colors.dim('impossible') : mark(remark.state);
  const folders = remark.folders.map((folder) => colors.dim(`\n    ${folder}`)).join('');
  const again = remark.again === null ? '' : colors.dim(`\n    again: ${invocation()} ${remark.again}`);
  return `${word}  ${printable(`${cellsText(remark)}: ${remarkText(remark)}`)}${folders}${again}`;
}

function summaryLine(cells: readonly CellResult[]): string {
  const fine = cells.every(({ state }) => isFine(state));
  return colors.bold((fine ? colors.green : colors.red)(summaryOf(cells)));
}
