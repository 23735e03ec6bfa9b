/** What is to be said of cells that do not hold, a remark each, or one for several of which the same is true. Pure. */
import { type CellResult, type CellState, disagreement, judgedOf } from './state.ts';

export interface Remark {
  readonly state: CellState;
  /** The ids of the cells. */
  readonly cells: readonly string[];
  /** Sentences. */
  readonly text: string;
  /** The folders of the rolls that show it, relative to that of the matrix. */
  readonly folders: readonly string[];
}

/** Longer lists of cells are counted; the tables name them all. */
const MOST_NAMED = 20;

export function remarksOf(results: readonly CellResult[]): Remark[] {
  const impossible = results.filter(({ state }) => state === 'impossible');
  const reasons = Map.groupBy(impossible, ({ cell }) => cell.impossible ?? '');
  const missing = results.filter(({ state }) => state === 'not-run');
  return [
    ...results.flatMap((result) => remarkOn(result) ?? []),
    ...[...reasons].map(([text, own]): Remark => ({ state: 'impossible', cells: idsOf(own), text, folders: [] })),
    ...(missing.length === 0
      ? []
      : [{ state: 'not-run', cells: idsOf(missing), text: 'Nobody has rolled it.', folders: [] } as const]),
  ];
}

/** `v1-v2/123/…, v1-v2/132/…`, or how many there are. */
export function cellsText({ cells }: Remark): string {
  return cells.length > MOST_NAMED ? `${cells.length} cells` : cells.join(', ');
}

function idsOf(results: readonly CellResult[]): string[] {
  return results.map(({ cell }) => cell.id);
}

function remarkOn(result: CellResult): Remark | null {
  const { cell, state, attempts } = result;
  const judged = judgedOf(attempts);
  const remark = (text: string, folders: readonly string[]): Remark => ({ state, cells: [cell.id], text, folders });
  switch (state) {
    case 'broken':
    case 'unknown': {
      const shows = judged.find(({ verdict }) => verdict === state)!;
      return remark(shows.sentence, [shows.folder]);
    }
    case 'flaky': {
      const { holding, broken } = disagreement(result)!;
      const count = judged.filter(({ verdict }) => verdict === 'broken').length;
      const text = `${count} of ${judged.length} rolls did not hold, such as the second of these two: ${broken.sentence}`;
      return remark(text, [holding.folder, broken.folder]);
    }
    case 'no-verdict': {
      const failed = attempts.find((attempt) => attempt.outcome === 'no-verdict');
      return failed === undefined ? null : remark(failed.because, []);
    }
    default:
      return null;
  }
}
