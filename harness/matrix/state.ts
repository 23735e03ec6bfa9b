/** What came of each cell of a matrix, and of the matrix. Pure. */
import type { Attempt, Judged, Results, SavedCell } from './results.ts';

/**
 * `unknown`: what decides could not be judged, in some roll, and none was broken. `flaky`: its rolls do not agree. `no-verdict`: a roll came to none, and those that did hold. `impossible`: its
 * strategy cannot take it. `not-run`: it has not been rolled.
 */
export const CELL_STATES = ['holds', 'broken', 'unknown', 'flaky', 'no-verdict', 'impossible', 'not-run'] as const;
export type CellState = (typeof CELL_STATES)[number];

/** Cells that are impossible take nothing away; whatever else does not hold does. */
export function isFine(state: CellState): boolean {
  return state === 'holds' || state === 'impossible';
}

export interface CellResult {
  readonly cell: SavedCell;
  readonly state: CellState;
  /** In the order of the repeats. */
  readonly attempts: readonly Attempt[];
}

/** The results of the cells that are in the share, in the order of the matrix. */
export function cellResults({ cells, attempts }: Results): CellResult[] {
  const byCell = Map.groupBy(attempts, ({ cell }) => cell);
  return cells
    .filter(({ inShare }) => inShare)
    .map((cell) => {
      const own = (byCell.get(cell.id) ?? []).toSorted((one, other) => one.repeat - other.repeat);
      return { cell, state: stateOf(cell, own), attempts: own };
    });
}

function stateOf({ impossible }: SavedCell, attempts: readonly Attempt[]): CellState {
  if (impossible !== null) return 'impossible';
  if (attempts.length === 0) return 'not-run';
  const judged = judgedOf(attempts);
  const count = (verdict: Judged['verdict']): number => judged.filter((attempt) => attempt.verdict === verdict).length;
  if (count('broken') > 0) return count('holds') === 0 ? 'broken' : 'flaky';
  if (count('unknown') > 0) return 'unknown';
  return judged.length < attempts.length ? 'no-verdict' : 'holds';
}

export function judgedOf(attempts: readonly Attempt[]): Judged[] {
  return attempts.filter((attempt): attempt is Judged => attempt.outcome === 'judged');
}

/** Two rolls of a flaky cell that do not agree: the first that holds, and the first that does not. */
export function disagreement({ attempts }: CellResult): { holding: Judged; broken: Judged } | null {
  const judged = judgedOf(attempts);
  const holding = judged.find(({ verdict }) => verdict === 'holds');
  const broken = judged.find(({ verdict }) => verdict === 'broken');
  return holding === undefined || broken === undefined ? null : { holding, broken };
}

/** How many cells are in each state. */
export function countStates(cells: readonly CellResult[]): Record<CellState, number> {
  const counts = Object.fromEntries(CELL_STATES.map((state) => [state, 0])) as Record<CellState, number>;
  for (const { state } of cells) counts[state] += 1;
  return counts;
}

/** Results with what came of each cell and how many cells are in each state, for whoever reads them by other means. */
export function documentOf(results: Results) {
  const own = cellResults(results);
  const states = new Map(own.map(({ cell, state }) => [cell.id, state]));
  const cells = results.cells.map((cell) => ({ ...cell, state: states.get(cell.id) ?? null }));
  return { ...results, summary: summaryOf(own), counts: countStates(own), cells };
}

/** `88 of 90 cells hold; 1 is flaky, 1 has not been rolled` */
export function summaryOf(cells: readonly CellResult[]): string {
  const counts = countStates(cells);
  const others = OTHERS.filter(([state]) => counts[state] > 0).map(
    ([state, one, several]) => `${counts[state]} ${counts[state] === 1 ? one : several}`,
  );
  const holding = `${counts.holds} of ${cells.length} ${cells.length === 1 ? 'cell holds' : 'cells hold'}`;
  return others.length === 0 ? holding : `${holding}; ${others.join(', ')}`;
}

const OTHERS: ReadonlyArray<readonly [state: CellState, one: string, several: string]> = [
  ['broken', 'does not', 'do not'],
  ['unknown', 'could not be judged', 'could not be judged'],
  ['flaky', 'is flaky', 'are flaky'],
  ['no-verdict', 'came to no verdict', 'came to no verdict'],
  ['impossible', 'is impossible', 'are impossible'],
  ['not-run', 'has not been rolled', 'have not been rolled'],
];
