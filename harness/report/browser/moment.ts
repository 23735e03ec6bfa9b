/** Links to a moment of a roll: `#t=30012.41ms`, and `&roll=1` for another than the first of a page. */

export interface Moment {
  readonly ms: number;
  /** Its place on the page. */
  readonly roll: number;
}

export function hashOf({ ms, roll }: Moment): string {
  return `#t=${Number(ms.toFixed(3))}ms${roll === 0 ? '' : `&roll=${roll}`}`;
}

/** Null where a hash names none. Seconds are understood, too, and a number alone is milliseconds. */
export function momentIn(hash: string): Moment | null {
  const said = new URLSearchParams(hash.replace(/^#/, ''));
  const [, number, unit] = /^(-?\d+(?:\.\d+)?)(ms|s)?$/.exec(said.get('t') ?? '') ?? [];
  if (number === undefined) return null;
  const roll = Number(said.get('roll') ?? 0);
  return { ms: Number(number) * (unit === 's' ? 1000 : 1), roll: Number.isInteger(roll) ? roll : 0 };
}
