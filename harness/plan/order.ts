/** In which order members are refreshed. */
import { randomFrom } from '../../node/random.ts';

/** The most members for which `all` is offered: 6 have 720 orders. */
export const ALL_ORDERS_LIMIT = 6;

/** Every order of some things, the given one first. */
export function permutations<Thing>(things: readonly Thing[]): Thing[][] {
  if (things.length <= 1) return [[...things]];
  return things.flatMap((first, index) =>
    permutations(things.filter((_, other) => other !== index)).map((rest) => [first, ...rest]),
  );
}

/**
 * A shuffled copy. The same seed gives the same order, on any machine.
 * @param seed a whole number; 32 bits of it count
 */
export function shuffled<Thing>(things: readonly Thing[], seed: number): Thing[] {
  const random = randomFrom(seed);
  const copy = [...things];
  for (let index = copy.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [copy[index], copy[other]] = [copy[other]!, copy[index]!];
  }
  return copy;
}
