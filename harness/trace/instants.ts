/** Places in a list that is in the order of the clock, found without going through it. */

/** The place of the last that had happened at an instant; -1 where none had. */
export function placeUntil(list: readonly Timed[], atNs: number): number {
  return countOf(list, (itemNs) => itemNs <= atNs) - 1;
}

/** The place of the last that had happened before an instant; -1 where none had. */
export function placeBefore(list: readonly Timed[], atNs: number): number {
  return countOf(list, (itemNs) => itemNs < atNs) - 1;
}

/** The last that had happened at an instant. */
export function lastUntil<Item extends Timed>(list: readonly Item[], atNs: number): Item | undefined {
  return list[placeUntil(list, atNs)];
}

/** The first that happens at an instant or after it. */
export function firstFrom<Item extends Timed>(list: readonly Item[], atNs: number): Item | undefined {
  return list[placeBefore(list, atNs) + 1];
}

interface Timed {
  readonly atNs: number;
}

/** How many of a list, from its beginning, are early enough. */
function countOf(list: readonly Timed[], isEarly: (atNs: number) => boolean): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isEarly(list[middle]!.atNs)) low = middle + 1;
    else high = middle;
  }
  return low;
}
