/**
 * Rows of one shape, packed as columns for a page: numbers (they are nanoseconds) as whole distances from the row before,
 * and everything else as the number of its value in a list that holds each value once. A roll of fifty members has
 * thousands of notices, of the same few names. Pure, and free of Node.
 */

/** What packing can carry: the fields are the same in all rows. */
type Row = Readonly<Record<string, unknown>>;

/** `values` is null for a column of numbers. */
interface Column {
  readonly values: readonly unknown[] | null;
  readonly rows: readonly number[];
}

/** `Shape` is that of the rows within. */
export interface Columns<Shape> {
  readonly length: number;
  readonly fields: { readonly [Field in keyof Shape]?: Column };
}

export function pack<Shape extends object>(rows: readonly Shape[]): Columns<Shape> {
  const names = Object.keys(rows[0] ?? {}) as Array<keyof Shape>;
  const columns = names.map((name) => [name, columnOf(rows.map((row) => row[name]))] as const);
  return { length: rows.length, fields: Object.fromEntries(columns) as Columns<Shape>['fields'] };
}

/** The rows again; their times are whole nanoseconds now. */
export function unpack<Shape extends object>({ length, fields }: Columns<Shape>): Shape[] {
  const rows = Array.from({ length }, (): Record<string, unknown> => ({}));
  for (const [name, column] of Object.entries<Column | undefined>(fields)) {
    const { values, rows: own } = column!;
    let sum = 0;
    for (let index = 0; index < length; index += 1) {
      sum += own[index]!;
      rows[index]![name] = values === null ? sum : values[own[index]!];
    }
  }
  return rows as Row[] as Shape[];
}

function columnOf(cells: readonly unknown[]): Column {
  return cells.every((cell) => typeof cell === 'number') ? numbers(cells) : named(cells);
}

function numbers(cells: readonly number[]): Column {
  let last = 0;
  const rows = cells.map((cell) => {
    const distance = Math.round(cell) - last;
    last += distance;
    return distance;
  });
  return { values: null, rows };
}

function named(cells: readonly unknown[]): Column {
  const numberOf = new Map<string, number>();
  const values: unknown[] = [];
  const rows = cells.map((cell) => {
    const key = JSON.stringify(cell);
    const known = numberOf.get(key);
    if (known !== undefined) return known;
    numberOf.set(key, values.length);
    return values.push(cell) - 1;
  });
  return { values, rows };
}
