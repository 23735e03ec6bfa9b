/** What is to be said of cells that do not hold, a remark each, or one for several of which the same is true. Pure. */
import { type CellResult, type CellState, disagreement, judgedOf } from './state.ts';

export interface Remark {
  readonly state: CellState;
  /** The ids of the cells. */
  readonly cells: readonly string[];
  /** Sentences; of several cells, those of the first. */
  readonly text: string;
  /** The folders of the rolls that show it in the first cell, relative to that of the matrix. */
  readonly folders: readonly string[];
  /** The command that rolls the first cell by itself, without the name of the program; null where there is none. */
  readonly again: string | null;
}

/** Longer lists of cells are counted; the tables name them all. */
const MOST_NAMED = 20;

export function remarksOf(results: readonly CellResult[]): Remark[] {
  const impossible = results.filter(({ state }) => state === 'impossible');
  const missing = results.filter(({ state }) => state === 'not-run');
  const reasons = Map.groupBy(impossible, ({ cell }) => cell.impossible ?? '');
  return [
    ...toldOnce(results.flatMap((result) => remarkOn(result) ?? [])),
    ...[...reasons].map(([text, own]): Remark => ({ state: 'impossible', cells: idsOf(own), text, ...NOTHING })),
    ...(missing.length === 0
      ? []
      : [{ state: 'not-run', cells: idsOf(missing), text: 'Nobody has rolled it.', ...NOTHING } as const]),
  ];
}

const NOTHING = { folders: [], again: null } as const;

/** `v1-v2/123/…, v1-v2/132/…`, or how many there are. */
export function cellsText({ cells }: Remark): string {
  return cells.length > MOST_NAMED ? `${cells.length} cells` : cells.join(', ');
}

/** What it says; of several cells, with how many there are, since figures and members are those of the first. */
export function remarkText({ state, cells, text }: Remark): string {
  const isOfFirst = cells.length > 1 && state !== 'impossible' && state !== 'not-run';
  return isOfFirst ? `${cells.length} times the same, but for figures and members; the first: ${text}` : text;
}

/** Remarks of which only the figures and the members differ, as one. */
function toldOnce(remarks: readonly Remark[]): Remark[] {
  const same = Map.groupBy(remarks, ({ state, text }) => `${state} ${withoutParticulars(text)}`);
  return [...same.values()].map((own) => ({ ...own[0]!, cells: own.flatMap(({ cells }) => cells) }));
}

/** A sentence with its durations as one sign, and its members by the order in which it names them. */
function withoutParticulars(text: string): string {
  const members: string[] = [];
  return text.replaceAll(/\b\d+(\.\d+)? (µs|ms|s|min)/g, '#').replaceAll(/\b[a-z][a-z-]*\d+\b/g, (member) => {
    if (!members.includes(member)) members.push(member);
    return `@${members.indexOf(member)}`;
  });
}

function idsOf(results: readonly CellResult[]): string[] {
  return results.map(({ cell }) => cell.id);
}

function remarkOn(result: CellResult): Remark | null {
  const { cell, state, attempts } = result;
  const judged = judgedOf(attempts);
  const remark = (text: string, folders: readonly string[]): Remark => ({
    ...{ state, cells: [cell.id], text, folders },
    again: cell.again,
  });
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
