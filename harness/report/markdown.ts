/** A matrix in Markdown, as the summary of a job shows it. */
import { invocation } from '../host/invocation.ts';
import { sentencesOf } from '../matrix/figures.ts';
import { cellsText, type Remark, remarksOf, remarkText } from '../matrix/remarks.ts';
import type { Results } from '../matrix/results.ts';
import { type CellState, cellResults, summaryOf } from '../matrix/state.ts';
import { type MatrixTable, tableHeading, tablesOf } from '../matrix/tables.ts';
import { stateWord } from './grid.ts';

/** The states that need nobody's eye. */
const QUIET: readonly CellState[] = ['holds', 'impossible', 'not-run'];

export function markdownReport(results: Results): string {
  const cells = cellResults(results);
  const remarks = remarksOf(cells);
  return [
    '## Rolling upgrades',
    '',
    `**${summaryOf(cells)}**${results.shard === null ? '' : ` (share ${results.shard})`}`,
    '',
    ...tablesOf(cells).flatMap(tableLines),
    ...(remarks.length === 0 ? [] : ['### What does not hold, or was not rolled', '', ...remarks.map(remarkLine), '']),
    ...sentencesOf(results).flatMap((sentence) => [escaped(sentence), '']),
  ].join('\n');
}

function tableLines(table: MatrixTable): string[] {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    `### ${escaped(tableHeading(table))}`,
    '',
    row(['pair', ...table.orders]),
    row(['---', ...table.orders.map(() => '---')]),
    ...table.rows.map(({ pair, cells }) =>
      row([
        pair,
        ...cells.map((cell) =>
          cell === null ? '' : QUIET.includes(cell.state) ? stateWord(cell.state) : `**${stateWord(cell.state)}**`,
        ),
      ]),
    ),
    '',
  ];
}

function remarkLine(remark: Remark): string {
  const word = remark.state === 'impossible' ? 'impossible' : stateWord(remark.state);
  const folders = remark.folders.map((folder) => `\`${folder}\``).join(', ');
  const again = remark.again === null ? '' : `; again: \`${invocation()} ${remark.again}\``;
  return `- **${word}** ${escaped(cellsText(remark))}: ${escaped(remarkText(remark))}${folders === '' ? '' : ` (${folders})`}${again}`;
}

/** What a sentence says must not be taken for markup, or end its line. */
function escaped(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|]/g, '\\$&').replaceAll(/\s*\n\s*/g, ' ');
}
