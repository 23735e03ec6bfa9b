/** A matrix as one HTML file: the grid, each cell linking to the reports of its rolls, and what is to be said of cells. */
import { formatDuration } from '../../node/duration.ts';
import { invocation } from '../host/invocation.ts';
import { sentencesOf } from '../matrix/figures.ts';
import { cellsText, type Remark, remarksOf, remarkText } from '../matrix/remarks.ts';
import type { Attempt, Results } from '../matrix/results.ts';
import { type CellResult, type CellState, cellResults, isFine, summaryOf } from '../matrix/state.ts';
import { type MatrixTable, tableHeading, tablesOf } from '../matrix/tables.ts';
import { stateWord } from './grid.ts';
import { type Html, html, pageOf } from './html.ts';

const GOOD: readonly CellState[] = ['holds'];
const QUIET: readonly CellState[] = ['impossible', 'not-run'];

/** The page lies in the folder of the matrix: its links lead from there. */
export function matrixPage(results: Results): string {
  const cells = cellResults(results);
  const allFine = cells.every(({ state }) => isFine(state));
  const remarks = remarksOf(cells);
  const share = results.shard === null ? '' : ` (share ${results.shard})`;
  const body = html`<h1>Rolling upgrades</h1>
<p class="about">${results.attempts.length} rolls, ${results.jobs} at a time, begun ${momentWords(results.startedAt)}</p>
<div class="verdict ${allFine ? '' : 'broken'}"><strong>${summaryOf(cells)}</strong>${share}</div>
${tablesOf(cells).map(grid)}
${remarks.length === 0 ? html`` : html`<h2>What does not hold, or was not rolled</h2><ul>${remarks.map(remarkItem)}</ul>`}
${sentencesOf(results).map((sentence) => html`<p>${sentence}</p>`)}`;
  return pageOf('Rolling upgrades', body);
}

function grid(table: MatrixTable): Html {
  const rows = table.rows.map(
    ({ pair, cells }) =>
      html`<tr><th scope="row">${pair}</th>${cells.map((cell) => (cell === null ? html`<td></td>` : gridCell(cell)))}</tr>`,
  );
  return html`<h2>${tableHeading(table)}</h2>
<div class="scroll"><table class="grid"><thead><tr><th>pair</th>${table.orders.map((order) => html`<th>${order}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

/** One link where the rolls of a cell agree, and one for each roll where they do not. */
function gridCell({ cell, state, attempts }: CellResult): Html {
  const word = stateWord(state);
  const tone = GOOD.includes(state) ? 'good' : QUIET.includes(state) ? 'about' : 'bad';
  const links = attempts.map((attempt) => attemptLink(attempt, cell.id));
  const [first] = links;
  const inside = state === 'flaky' ? html`${word} ${links}` : first === undefined ? html`${word}` : first;
  return html`<td class="${tone}" title="${cell.impossible ?? cell.id}">${inside}</td>`;
}

function attemptLink(attempt: Attempt, id: string): Html {
  if (attempt.outcome === 'no-verdict') return html`<span title="${attempt.because}">${stateWord('no-verdict')}</span>`;
  const word = stateWord(attempt.verdict);
  const says = `${id}, roll ${attempt.repeat}: ${attempt.sentence} (${formatDuration(attempt.durationMs)})`;
  return html`<a class="${attempt.verdict === 'holds' ? 'good' : attempt.verdict === 'unknown' ? 'open' : 'bad'}" href="${attempt.folder}/report.html" title="${says}">${word}</a>`;
}

function remarkItem(remark: Remark): Html {
  const links = remark.folders.map((folder) => html` <a href="${folder}/report.html">its report</a>`);
  const again = remark.again === null ? html`` : html` again: <code>${invocation()} ${remark.again}</code>`;
  return html`<li><strong>${remark.state === 'impossible' ? 'impossible' : stateWord(remark.state)}</strong> ${cellsText(remark)}: ${remarkText(remark)}${links}${again}</li>`;
}

/** `2026-11-24 20:44 UTC` */
function momentWords(startedAt: string): string {
  return `${new Date(startedAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
