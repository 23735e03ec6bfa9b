/** Patterns that choose cells: `pair=v1-v2,database=dqlite` matches the cells that agree on all its keys. */
import { InputError } from '../input/errors.ts';
import { DIMENSIONS, type Dimension, type Dimensions } from './dimensions.ts';

export type Pattern = ReadonlyMap<Dimension, string>;

/** @throws InputError naming the part that is none */
export function parsePattern(text: string): Pattern {
  return new Map(
    text.split(',').map((part) => {
      const [key = '', value = ''] = part.split('=').map((side) => side.trim());
      const dimension = DIMENSIONS.find((known) => known === key);
      if (dimension === undefined || value === '') {
        throw new InputError(
          `${part.trim()}: must be KEY=VALUE with a key of ${DIMENSIONS.join(', ')}, such as pair=v1-v2,order=123`,
        );
      }
      return [dimension, value];
    }),
  );
}

/** Whether a cell is chosen: by some pattern to include, where there is one, and by none to exclude. */
export function isChosen(cell: Dimensions, include: readonly Pattern[], exclude: readonly Pattern[]): boolean {
  return (
    (include.length === 0 || include.some((pattern) => matches(cell, pattern))) &&
    !exclude.some((pattern) => matches(cell, pattern))
  );
}

function matches(cell: Dimensions, pattern: Pattern): boolean {
  return [...pattern].every(([dimension, value]) => String(cell[dimension]) === value);
}
