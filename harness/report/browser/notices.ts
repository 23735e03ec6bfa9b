/** The notices of a roll in a chart: each by itself while they are few, one path for all of a fate where they are many. */
import * as Plot from '@observablehq/plot';
import type { Arrow, Fate } from '../arrows.ts';
import type { Lanes } from '../lanes.ts';
import { DASHES } from '../signs.ts';
import { arrowWords } from '../story.ts';
import { since, told } from './instant.ts';
import { places, SVG } from './places.ts';
import { isWithin, type Stretch } from './scale.ts';

/** More cannot be told apart, nor pointed at; and an element for each takes a browser seconds. Closer in there are fewer. */
const FEW = 300;

export function notices(lanes: Lanes, stretch: Stretch): Plot.Markish[] {
  const shown = lanes.arrows.filter(
    (arrow) => isWithin(since(lanes, arrow.sentNs), stretch) || isWithin(since(lanes, arrow.arrivedNs), stretch),
  );
  if (shown.length <= FEW) return eachOf(lanes, shown, stretch);
  const byFate = Map.groupBy(shown, (arrow) => arrow.fate);
  return FATES.filter((fate) => byFate.has(fate)).map((fate) => allOf(lanes, byFate.get(fate)!, fate));
}

/** Each by itself. Solid: it woke its receiver. Dashed: it was kept. Crossed out: it came for nothing, or, dotted, never. */
function eachOf(lanes: Lanes, shown: readonly Arrow[], stretch: Stretch): Plot.Markish[] {
  const ends = {
    x1: (arrow: Arrow) => since(lanes, arrow.sentNs),
    y1: 'from',
    x2: (arrow: Arrow) => since(lanes, arrow.arrivedNs),
    y2: 'to',
    stroke: (arrow: Arrow) => `var(--notice-${arrow.fate})`,
    strokeWidth: 1.6,
    headLength: 7,
    clip: true,
    ariaLabel: (arrow: Arrow) => `${arrowWords(arrow)}, ${told(since(lanes, arrow.arrivedNs))}`,
  };
  const byFate = Map.groupBy(shown, (arrow) => arrow.fate);
  // A cross beyond the frame would stand in nobody's lane.
  const crossed = shown.filter(
    (arrow) =>
      (arrow.fate === 'dropped' || arrow.fate === 'failed') && isWithin(since(lanes, arrow.arrivedNs), stretch),
  );
  return [
    ...FATES.filter((fate) => byFate.has(fate)).map((fate) =>
      Plot.arrow(byFate.get(fate)!, { ...ends, className: fate, strokeDasharray: DASHES[fate] }),
    ),
    Plot.text(crossed, {
      x: ends.x2,
      y: 'to',
      text: () => '✕',
      fill: ends.stroke,
      stroke: 'var(--paper)',
      strokeWidth: 3,
      fontSize: 15,
      fontWeight: 'bold',
      ariaHidden: 'true',
    }),
  ];
}

/** Of notices that were observed: the times in which each was sent, and in which it came in. */
export function whiskers(lanes: Lanes, stretch: Stretch): Plot.Markish {
  return (_index, scales, _values, _dimensions, context) => {
    const { xOf, topOf, height } = places(scales);
    const cut = (atNs: number): number => xOf(Math.min(stretch[1], Math.max(stretch[0], since(lanes, atNs))));
    const between = (member: string, fromNs: number, toNs: number): string => {
      const y = topOf(member) + height / 2;
      const [from, to] = [cut(fromNs), cut(toNs)];
      return from === to
        ? ''
        : `M${from.toFixed(1)},${y - TICK}v${2 * TICK}m0,${-TICK}H${to.toFixed(1)}m0,${-TICK}v${2 * TICK}`;
    };
    const group = context.document.createElementNS(SVG, 'g');
    const seen = lanes.arrows.filter((arrow) => arrow.seen !== null);
    if (seen.length > FEW) return group;
    for (const { from, to, sentNs, arrivedNs, seen: by, fate } of seen) {
      const path = context.document.createElementNS(SVG, 'path');
      path.setAttribute('class', 'whisker');
      path.setAttribute('d', between(from, sentNs, by!.sentByNs) + between(to, by!.arrivedSinceNs, arrivedNs));
      path.setAttribute('stroke', `var(--notice-${fate})`);
      group.append(path);
    }
    return group;
  };
}

/** Half of the height of a whisker's end, in pixels. */
const TICK = 3;

/** What matters most is drawn last, on top of the others. */
const FATES: readonly Fate[] = ['dropped', 'latched', 'failed', 'delivered'];

/** So many lines one above the other are as dark as one. */
const DENSE = 150;
const OPACITY = { most: 0.7, least: 0.12 };

const FATE_WORDS: Readonly<Record<Fate, string>> = {
  delivered: 'woke their receivers',
  latched: 'were kept for the next park',
  dropped: 'found nobody parked',
  failed: 'did not reach their receivers',
};

/** All of a fate as one path, without heads, and as faint as they are many. Dashes would take longer than all else. */
function allOf(lanes: Lanes, arrows: readonly Arrow[], fate: Fate): Plot.Markish {
  return (_index, scales, _values, dimensions, context) => {
    const [left, right] = [dimensions.marginLeft, dimensions.width - dimensions.marginRight];
    const { xOf, topOf, height } = places(scales);
    const middleOf = (member: string): number => topOf(member) + height / 2;
    const opacity = Math.max(OPACITY.least, Math.min(OPACITY.most, DENSE / arrows.length));
    const lines = arrows.map((arrow) => {
      const [x1, x2] = [xOf(since(lanes, arrow.sentNs)), xOf(since(lanes, arrow.arrivedNs))];
      const [y1, y2] = [middleOf(arrow.from), middleOf(arrow.to)];
      // Cut where the chart ends.
      const yAt = (x: number): number => (x === x1 ? y1 : x === x2 ? y2 : y1 + ((x - x1) / (x2 - x1)) * (y2 - y1));
      const [fromX, toX] = [x1, x2].map((x) => Math.min(right, Math.max(left, x))) as [number, number];
      return `M${fromX.toFixed(1)},${yAt(fromX).toFixed(1)}L${toX.toFixed(1)},${yAt(toX).toFixed(1)}`;
    });
    const path = context.document.createElementNS(SVG, 'path');
    path.setAttribute('d', lines.join(''));
    path.setAttribute('class', `notices ${fate}`);
    path.setAttribute('stroke', `var(--notice-${fate})`);
    path.setAttribute('stroke-opacity', String(opacity));
    path.setAttribute(
      'aria-label',
      `${arrows.length} notices that ${FATE_WORDS[fate]}: come closer to see each of them`,
    );
    return path;
  };
}
