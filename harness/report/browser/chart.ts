/** The lanes of one roll as a picture. */
import * as Plot from '@observablehq/plot';
import { formatDuration } from '../../../node/duration.ts';
import type { Lanes, Mark, Span } from '../lanes.ts';
import { MARK_SIGNS, paintOf } from '../signs.ts';
import { type Parks, seenWords, spanWords } from '../story.ts';
import { since, told } from './instant.ts';
import { notices, whiskers } from './notices.ts';
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

const FONT = 12;

/** Half of a label of the time axis stands there. */
const RIGHT = 24;
/** Room for the members' names, in pixels. */
const NAMES = { least: 40, most: 200, character: 8, gap: 28 };

/** Where the time axis begins and ends within a chart, in pixels. */
export function plotArea({ members }: Lanes, width: number): Stretch {
  let longest = 0;
  for (const member of members) longest = Math.max(longest, member.length);
  const left = longest * NAMES.character + NAMES.gap;
  return [Math.min(Math.max(left, NAMES.least), NAMES.most, width / 3), width - RIGHT];
}

/** What a chart shows beside the lanes: instants, in milliseconds since they begin; null where there is none. */
export interface Instants {
  /** What the reader is at. */
  readonly cursorMs: number | null;
  /** How far a roll has come that goes on. */
  readonly nowMs: number | null;
}

/** A chart, and the span that each of its bars draws. */
export interface Detail {
  readonly chart: Element;
  readonly spans: ReadonlyMap<Element, Span>;
}

/** Everything with the notices, for the stretch that is looked at. */
export function detailChart(
  lanes: Lanes,
  parks: Parks,
  stretch: Stretch,
  width: number,
  { cursorMs, nowMs }: Instants,
): Detail {
  const visible = lanes.marks.filter((mark) => isWithin(since(lanes, mark.atNs), stretch));
  const observed = visible.filter((mark) => mark.sinceNs < mark.atNs);
  const colour = (mark: Mark): string => `var(--${mark.is})`;
  const atOf = (mark: Mark): number => since(lanes, mark.atNs);
  const spans = new Map<Element, Span>();
  const chart = Plot.plot({
    ...frame(lanes, stretch, width, DETAIL),
    ariaLabel: `what each member was at, and the notices between them, from ${told(stretch[0])} to ${told(stretch[1])}`,
    marks: [
      bars(lanes, parks, stretch, spans),
      Plot.rect(observed, {
        x1: (mark: Mark) => Math.max(stretch[0], since(lanes, mark.sinceNs)),
        x2: atOf,
        fill: colour,
        fillOpacity: 0.18,
      }),
      Plot.ruleX(visible, {
        x: atOf,
        stroke: colour,
        strokeWidth: 1.5,
        ariaLabel: (mark: Mark) => `${mark.says}${seenWords(mark.sinceNs, mark.atNs)}`,
      }),
      Plot.text(visible, {
        x: atOf,
        text: (mark: Mark) => MARK_SIGNS[mark.is],
        fill: colour,
        frameAnchor: 'top',
        dy: -14,
        fontSize: 12,
        ariaHidden: 'true',
      }),
      ...notices(lanes, stretch),
      whiskers(lanes, stretch),
      ...instant(nowMs, stretch, { stroke: 'var(--now)', strokeWidth: 2, ariaLabel: 'now' }),
      ...instant(cursorMs, stretch, { stroke: 'currentColor', strokeDasharray: '2,3' }),
    ],
  });
  return { chart, spans };
}

function instant(ms: number | null, stretch: Stretch, looks: Plot.RuleXOptions): Plot.Markish[] {
  return ms === null || !isWithin(ms, stretch) ? [] : [Plot.ruleX([ms], looks)];
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
    style: {
      background: 'transparent',
      overflow: 'visible',
      fontSize: `${lane < LOWEST_NAMED ? FONT : Math.min(FONT, lane - 1)}px`,
    },
  };
}

/** So many parks can be gone through with the Tab key; where there are more, the arrow keys do. */
const MOST_FOCUSABLE = 30;

/** Who is at a gate is hatched, by the patterns of the page. Where a change was observed, the edge slants over its interval. */
function bars(lanes: Lanes, parks: Parks, stretch: Stretch, drawn: Map<Element, Span>): Plot.Markish {
  return (_index, scales, _values, _dimensions, context) => {
    const { xOf, topOf, height } = places(scales);
    const group = context.document.createElementNS(SVG, 'g');
    group.setAttribute('aria-label', 'bar');
    const cut = (atNs: number): string =>
      xOf(Math.min(stretch[1], Math.max(stretch[0], since(lanes, atNs)))).toFixed(2);
    for (const [index, span] of lanes.spans.entries()) {
      const { member, sinceNs, fromNs, toNs, state } = span;
      if (state.is === 'absent' || since(lanes, toNs) < stretch[0] || since(lanes, sinceNs) > stretch[1]) continue;
      const next = lanes.spans[index + 1];
      const endsSinceNs = next?.member === member ? next.sinceNs : toNs;
      const [top, bottom] = [topOf(member), topOf(member) + height].map((y) => y.toFixed(2)) as [string, string];
      const path = context.document.createElementNS(SVG, 'path');
      path.setAttribute('d', `M${cut(fromNs)},${top}H${cut(toNs)}L${cut(endsSinceNs)},${bottom}H${cut(sinceNs)}z`);
      path.setAttribute('fill', paintOf(state));
      path.setAttribute('aria-label', barWords(lanes, parks, span, null));
      drawn.set(path, span);
      group.append(path);
    }
    const parked = [...drawn].filter(([, { state }]) => state.is === 'parked');
    if (parked.length <= MOST_FOCUSABLE) {
      for (const [path] of parked) {
        path.setAttribute('tabindex', '0');
        path.setAttribute('role', 'img');
      }
    }
    return group;
  };
}

/** What a bar is, and, of a park, for whom and for what its member waits. @param atNs at which instant; null for all of it */
export function barWords(lanes: Lanes, parks: Parks, span: Span, atNs: number | null): string {
  const { sinceNs, fromNs, toNs } = span;
  const lasts = `for ${formatDuration((toNs - fromNs) / 1e6)} from ${told(since(lanes, fromNs))}`;
  const waits = parks.words(span, atNs);
  const when = atNs === null ? '' : `at ${told(since(lanes, atNs))} it `;
  return `${spanWords(span)}, ${lasts}${seenWords(sinceNs, fromNs)}${waits === '' ? '' : `; ${when}${waits}`}`;
}

/** All spans of a paint as one path: in the overview nobody points at one of them. */
function silhouettes(lanes: Lanes): Plot.Markish {
  return (_index, scales, _values, _dimensions, context) => {
    const { xOf, topOf, height } = places(scales);
    const group = context.document.createElementNS(SVG, 'g');
    const drawn = lanes.spans.filter(({ state }) => state.is !== 'absent');
    for (const [paint, spans] of Map.groupBy(drawn, ({ state }) => paintOf(state))) {
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
