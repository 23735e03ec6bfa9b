/** The dimensions of a matrix: on what its cells differ. */
import { z } from 'zod';
import { WAKEUPS } from '../../node/upgrade/machine.ts';
import { STRATEGY_NAMES } from '../../node/upgrade/strategy.ts';
import { DATABASES, MOST_MEMBERS, PACE_WORDS } from '../input/scenario.ts';

/** On a dimension that is a setting of our daemon, another daemon has a value of its own, which nobody sets. */
export const OWN = 'own';

/** Where a cell lies in its matrix. */
export const Dimensions = z.object({
  /** `v1-v2` */
  pair: z.string().regex(/^[\w.+-]{1,130}$/, 'must be two versions such as v1-v2'),
  /** The members' numbers in the order of their refreshes, `312`; past nine members `10.2.…`; or `together`. */
  order: z.string().regex(/^(together|[\d.]{1,200})$/, 'must be numbers of members, or together'),
  strategy: z.enum([...STRATEGY_NAMES, OWN]),
  wakeups: z.enum([...WAKEUPS, OWN]),
  database: z.enum([...DATABASES, OWN]),
  /** How many. */
  members: z.int().min(1).max(MOST_MEMBERS),
  /** When the next refresh comes. A matrix that was rolled before there was a choice went on once a member had settled. */
  pace: z.enum([...PACE_WORDS, OWN]).default('settled'),
});
export type Dimensions = Readonly<z.output<typeof Dimensions>>;
export type Dimension = keyof Dimensions;

/** In the order in which an id names them. */
export const DIMENSIONS = Object.keys(Dimensions.shape) as readonly Dimension[];

/** `v1-v2/123/split/latched/sqlite/3`, or `1.0-2.0/123/3`: the same for the same cell, in whatever matrix. The usual pace is not said. */
export function idOf(dimensions: Dimensions): string {
  return DIMENSIONS.map((dimension) => dimensions[dimension])
    .filter((value) => value !== OWN && value !== 'settled')
    .join('/');
}
