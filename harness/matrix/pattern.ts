/** Patterns that choose cells: `pair=v1-v2,database=dqlite` matches the cells that agree on all its keys. */
import { InputError } from '../input/errors.ts';
import { DIMENSIONS, type Dimension, type Dimensions } from './dimensions.ts';

export type Pattern = ReadonlyMap<Dimension, string>;

/** @throws InputError naming the part that is none */
export function parsePattern(text: string): Pattern {
  const pattern = new Map<Dimension, string>();
  for (const part of text.split(',')) {
    const [key = '', value = '', ...more] = part.split('=').map((side) => side.trim());
    const dimension = DIMENSIONS.find((known) => known === key);
    if (dimension === undefined || value === '' || more.length > 0) {
      throw new InputError(
        `${part.trim()}: must be KEY=VALUE with a key of ${DIMENSIONS.join(', ')}, such as pair=v1-v2,order=123`,
      );
    }
    if (pattern.has(dimension)) throw new InputError(`${text}: says ${key} twice: give two patterns`);
    pattern.set(dimension, value);
  }
  return pattern;
}

/**
 * The cells that patterns choose: by some pattern to include, where there is one, and by none to exclude.
 * @throws InputError where a pattern matches no cell of the matrix: it is misspelt, or does nothing
 */
export function chosenOf<Cell extends Dimensions>(
  cells: readonly Cell[],
  given: { readonly include: readonly string[]; readonly exclude: readonly string[] },
): Cell[] {
  const patternsOf = (key: keyof typeof given): Pattern[] =>
    given[key].map((text) => {
      const pattern = parsePattern(text);
      if (!cells.some((cell) => matches(cell, pattern))) throw noSuchCell(key, text, pattern, cells);
      return pattern;
    });
  const [include, exclude] = [patternsOf('include'), patternsOf('exclude')];
  const chosen = cells.filter(
    (cell) =>
      (include.length === 0 || include.some((pattern) => matches(cell, pattern))) &&
      !exclude.some((pattern) => matches(cell, pattern)),
  );
  if (chosen.length === 0) throw new InputError('include, exclude: they leave no cell of the matrix');
  return chosen;
}

/** More values of a dimension are counted. */
const MOST_NAMED = 12;

function noSuchCell(key: string, text: string, pattern: Pattern, cells: readonly Dimensions[]): InputError {
  const valuesOf = (dimension: Dimension): string[] => [...new Set(cells.map((cell) => String(cell[dimension])))];
  const unknown = [...pattern].find(([dimension, value]) => !valuesOf(dimension).includes(value));
  if (unknown === undefined) return new InputError(`${key}: ${text}: no cell of the matrix is all of that`);
  const values = valuesOf(unknown[0]);
  const more = values.length > MOST_NAMED ? `, and ${values.length - MOST_NAMED} more` : '';
  return new InputError(
    `${key}: ${text}: no cell of the matrix has ${unknown.join(' ')}; there are ${values.slice(0, MOST_NAMED).join(', ')}${more}`,
  );
}

function matches(cell: Dimensions, pattern: Pattern): boolean {
  return [...pattern].every(([dimension, value]) => String(cell[dimension]) === value);
}
