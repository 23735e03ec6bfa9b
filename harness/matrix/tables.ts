/** The results of a matrix as tables: pair × order, one for each combination of the other dimensions. Pure. */
import { type Dimension, type Dimensions, OWN } from './dimensions.ts';
import type { CellResult } from './state.ts';

const HEADED_BY = ['strategy', 'wakeups', 'database', 'members', 'pace'] as const satisfies readonly Dimension[];

export interface MatrixTable extends Pick<Dimensions, (typeof HEADED_BY)[number]> {
  /** The columns. */
  readonly orders: readonly string[];
  /** A cell for each order; null where the matrix has none. */
  readonly rows: ReadonlyArray<{ readonly pair: string; readonly cells: ReadonlyArray<CellResult | null> }>;
}

export function tablesOf(results: readonly CellResult[]): MatrixTable[] {
  const groups = Map.groupBy(results, ({ cell }) => HEADED_BY.map((dimension) => cell[dimension]).join('/'));
  return [...groups.values()].map((own): MatrixTable => {
    const { strategy, wakeups, database, members, pace } = own[0]!.cell;
    const orders = [...new Set(own.map(({ cell }) => cell.order))].sort();
    const pairs = Map.groupBy(own, ({ cell }) => cell.pair);
    const rows = [...pairs].map(([pair, cells]) => ({
      pair,
      cells: orders.map((order) => cells.find(({ cell }) => cell.order === order) ?? null),
    }));
    return { strategy, wakeups, database, members, pace, orders, rows };
  });
}

/** `strategy split, wake-ups latched, sqlite, 3 members, pace auto`; the usual pace is not said */
export function tableHeading({ strategy, wakeups, database, members, pace }: MatrixTable): string {
  const size = `${members} members${pace === OWN || pace === 'settled' ? '' : `, pace ${pace}`}`;
  if (strategy === OWN) return size;
  return `strategy ${strategy}, wake-ups ${wakeups}, ${database}, ${size}`;
}
