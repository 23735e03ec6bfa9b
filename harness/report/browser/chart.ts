/** The lanes of one roll as a picture. */
import * as Plot from '@observablehq/plot';
import { formatDuration } from '../../../node/duration.ts';
import { keyOf, type Lanes, type Mark, type Span } from '../lanes.ts';
import { spanWords } from '../story.ts';
import { since, told } from './instant.ts';
import { notices } from './notices.ts';
import { places, SVG } from './places.ts';
import { isWithin, type Stretch } from './scale.ts';

/** The heights of a chart, in pixels. The more members, the lower their lanes: `most` for few, `least` for many. */
interface Size {
  readonly lane: { readonly most: number; readonly least: number };
  /** What all lanes together should not exceed. */
  readonly lanes: number;
  readonly head: number;
  readonly foot: number;
}

const DETAIL: Size = { lane: { most: 40, least: 16 }, lanes: 640, head: 34, foot: 28 };
const OVERVIEW: Size = { lane: { most: 14, least: 3 }, lanes: 150, head: 4, foot: 24 };
/** A lower lane has no room for a name. */
const LOWEST_NAMED = 11;

const RIGHT = 12;
/** Room for the members' names, in pixels. */
const NAMES = { least: 40, most: 200, character: 8, gap: 28 };

/** Where the time axis begins and ends within a chart, in pixels. */
export function plotArea({ members }: Lanes, width: number): Stretch {
  let longest = 0;
  for (const member of members) longest = Math.max(longest, member.length);
  const left = longest * NAMES.character + NAMES.gap;
  return [Math.min(Math.max(left, NAMES.least), NAMES.most, width / 3), width - RIGHT];
}

/** Everything with the notices, for the stretch that is looked at. */
export function detailChart(lanes: Lanes, stretch: Stretch, width: number, cursorMs: number | null): Element {
  const visible = lanes.marks.filter((mark) => isWithin(since(lanes, mark.atNs), stretch));
  return Plot.plot({
    ...frame(lanes, stretch, width, DETAIL),
    ariaLabel: `what each member was at, and the notices between them, from ${told(stretch[0])} to ${told(stretch[1])}`,
    marks: [
      spans(lanes, stretch),
      Plot.ruleX(visible, {
        x: (mark: Mark) => since(lanes, mark.atNs),
        stroke: (mark: Mark) => `var(--${mark.is})`,
        strokeWidth: 1.5,
        ariaLabel: (mark: Mark) => mark.says,
      }),
      Plot.text(visible, {
        x: (mark: Mark) => since(lanes, mark.atNs),
        text: (mark: Mark) => MARK_SIGNS[mark.is],
        fill: (mark: Mark) => `var(--${mark.is})`,
        frameAnchor: 'top',
        dy: -14,
        fontSize: 12,
        ariaHidden: 'true',
      }),
      ...notices(lanes, stretch),
      ...(cursorMs === null ? [] : [Plot.ruleX([cursorMs], { stroke: 'currentColor', strokeDasharray: '2,3' })]),
    ],
  });
}

/** The whole roll, small. */
export function overviewChart(lanes: Lanes, whole: Stretch, width: number): Element {
  return Plot.plot({
    ...frame(lanes, whole, width, OVERVIEW),
    ariaLabel: 'the whole roll; drag to choose what is shown below in detail',
    marks: [silhouettes(lanes)],
  });
}

function frame(lanes: Lanes, stretch: Stretch, width: number, size: Size): Plot.PlotOptions {
  const count = lanes.members.length;
  const lane = Math.max(size.lane.least, Math.min(size.lane.most, size.lanes / count));
  const [left, right] = plotArea(lanes, width);
  return {
    width,
    height: size.head + count * lane + size.foot,
    marginLeft: left,
    marginRight: width - right,
    marginTop: size.head,
    marginBottom: size.foot,
    x: { domain: [...stretch], label: null, ticks: Math.max(2, width / 110), tickFormat: (ms: number) => told(ms) },
    y: {
      type: 'band',
      domain: [...lanes.members],
      label: null,
      tickSize: 0,
      paddingInner: 0.4,
      paddingOuter: 0.15,
      ...(lane < LOWEST_NAMED ? { axis: null } : {}),
    },
    color: { type: 'identity' },
    style: { background: 'transparent', overflow: 'visible', fontSize: '12px' },
  };
}

/** Who is at a gate is hatched, by the patterns of the page. */
function spans(lanes: Lanes, stretch: Stretch): Plot.Markish {
  const shown = lanes.spans.filter(
    (span) => since(lanes, span.toNs) >= stretch[0] && since(lanes, span.fromNs) <= stretch[1],
  );
  return Plot.barX(shown, {
    ...bars(lanes, stretch),
    ariaLabel: (span: Span) =>
      `${spanWords(span)}, for ${formatDuration((span.toNs - span.fromNs) / 1e6)} from ${told(since(lanes, span.fromNs))}`,
  });
}

function bars(lanes: Lanes, stretch: Stretch): Plot.BarXOptions {
  return {
    // Cut to the stretch here: a clip path would have to be drawn for every bar.
    x1: (span: Span) => Math.max(stretch[0], since(lanes, span.fromNs)),
    x2: (span: Span) => Math.min(stretch[1], since(lanes, span.toNs)),
    y: 'member',
    fill: (span: Span) => paintOf(span),
  };
}

/** All spans of a paint as one path: in the overview nobody points at one of them. */
function silhouettes(lanes: Lanes): Plot.Markish {
  return (_index, scales, _values, _dimensions, context) => {
    const { xOf, topOf, height } = places(scales);
    const group = context.document.createElementNS(SVG, 'g');
    for (const [paint, spans] of Map.groupBy(lanes.spans, paintOf)) {
      const path = context.document.createElementNS(SVG, 'path');
      const boxes = spans.map((span) => {
        const [from, to] = [xOf(since(lanes, span.fromNs)), xOf(since(lanes, span.toNs))];
        return `M${from.toFixed(1)},${topOf(span.member).toFixed(1)}H${to.toFixed(1)}v${height.toFixed(1)}H${from.toFixed(1)}z`;
      });
      path.setAttribute('d', boxes.join(''));
      path.setAttribute('fill', paint);
      group.append(path);
    }
    return group;
  };
}

function paintOf({ state }: Span): string {
  const name = keyOf(state).replace(' ', '-');
  return 'gate' in state ? `url(#${name})` : `var(--${name})`;
}

const MARK_SIGNS: Readonly<Record<Mark['is'], string>> = {
  schema: '◆',
  patch: '✚',
  leader: '★',
  killed: '☠',
};
