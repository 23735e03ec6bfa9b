/** Where things are in a chart, for marks that are drawn here, many as one path. */
import type { ScaleFunctions } from '@observablehq/plot';

export const SVG = 'http://www.w3.org/2000/svg';

/** All in pixels. */
export interface Places {
  /** @param ms since the first refresh */
  readonly xOf: (ms: number) => number;
  /** The upper edge of a member's lane. */
  readonly topOf: (member: string) => number;
  /** Of a lane. */
  readonly height: number;
}

export function places(scales: ScaleFunctions): Places {
  const band = scales.y as ((member: string) => number) & { bandwidth(): number };
  return { xOf: scales.x as (ms: number) => number, topOf: band, height: band.bandwidth() };
}
