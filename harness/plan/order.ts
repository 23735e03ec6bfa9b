/** In which order members are refreshed. */

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
  const random = mulberry32(seed);
  const copy = [...things];
  for (let index = copy.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [copy[index], copy[other]] = [copy[other]!, copy[index]!];
  }
  return copy;
}

/** Mulberry32: a small generator of known quality, numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
