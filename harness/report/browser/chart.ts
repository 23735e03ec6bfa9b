/** The lanes of one roll as a picture. */
import * as Plot from '@observablehq/plot';
import { formatDuration } from '../../../node/duration.ts';
import { type Arrow, keyOf, type Lanes, type Mark, type Span } from '../lanes.ts';
import { spanWords } from '../story.ts';
import type { Stretch } from './scale.ts';

const MARGIN = { left: 76, right: 12 };
const DETAIL = { laneHeight: 40, head: 34, foot: 28 };
const OVERVIEW = { laneHeight: 14, head: 4, foot: 24 };

/** Where the time axis begins and ends within a chart, in pixels. */
export function plotArea(width: number): Stretch {
  return [MARGIN.left, width - MARGIN.right];
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
      ...arrows(lanes, stretch),
      ...(cursorMs === null ? [] : [Plot.ruleX([cursorMs], { stroke: 'currentColor', strokeDasharray: '2,3' })]),
    ],
  });
}

/** The whole roll, small. */
export function overviewChart(lanes: Lanes, whole: Stretch, width: number): Element {
  return Plot.plot({
    ...frame(lanes, whole, width, OVERVIEW),
    ariaLabel: 'the whole roll; drag to choose what is shown below in detail',
    marks: [spans(lanes, whole)],
  });
}

function frame(lanes: Lanes, stretch: Stretch, width: number, size: typeof DETAIL): Plot.PlotOptions {
  return {
    width,
    height: size.head + lanes.members.length * size.laneHeight + size.foot,
    marginLeft: MARGIN.left,
    marginRight: MARGIN.right,
    marginTop: size.head,
    marginBottom: size.foot,
    x: { domain: [...stretch], label: null, ticks: Math.max(2, width / 110), tickFormat: (ms: number) => told(ms) },
    y: { domain: [...lanes.members], label: null, tickSize: 0, paddingInner: 0.4, paddingOuter: 0.15 },
    color: { type: 'identity' },
    style: { background: 'transparent', overflow: 'visible', fontSize: '12px' },
  };
}

/** Parked members are hatched, by the patterns of the page. */
function spans(lanes: Lanes, stretch: Stretch): Plot.Markish {
  const shown = lanes.spans.filter(
    (span) => since(lanes, span.toNs) >= stretch[0] && since(lanes, span.fromNs) <= stretch[1],
  );
  return Plot.barX(shown, {
    // Cut to the stretch here: a clip path would have to be drawn for every bar.
    x1: (span: Span) => Math.max(stretch[0], since(lanes, span.fromNs)),
    x2: (span: Span) => Math.min(stretch[1], since(lanes, span.toNs)),
    y: 'member',
    fill: (span: Span) => paintOf(span),
    ariaLabel: (span: Span) =>
      `${spanWords(span)}, for ${formatDuration((span.toNs - span.fromNs) / 1e6)} from ${told(since(lanes, span.fromNs))}`,
  });
}

function paintOf({ state }: Span): string {
  return state.is === 'parked' ? `url(#parked-${state.gate})` : `var(--${keyOf(state).replace(' ', '-')})`;
}

/** Solid: it woke its receiver. Dashed: it was kept. Crossed out: dropped, or it never came. */
function arrows(lanes: Lanes, stretch: Stretch): Plot.Markish[] {
  const shown = lanes.arrows.filter(
    (arrow) => isWithin(since(lanes, arrow.sentNs), stretch) || isWithin(since(lanes, arrow.arrivedNs), stretch),
  );
  const ends = {
    x1: (arrow: Arrow) => since(lanes, arrow.sentNs),
    y1: 'from',
    x2: (arrow: Arrow) => since(lanes, arrow.arrivedNs),
    y2: 'to',
    stroke: (arrow: Arrow) => `var(--notice-${arrow.fate})`,
    strokeWidth: 1.6,
    headLength: 7,
    ariaLabel: (arrow: Arrow) => `${arrow.says}, ${told(since(lanes, arrow.arrivedNs))}`,
  };
  const crossed = shown.filter((arrow) => arrow.fate === 'dropped' || arrow.fate === 'failed');
  return [
    Plot.arrow(
      shown.filter((arrow) => arrow.fate !== 'latched'),
      ends,
    ),
    Plot.arrow(
      shown.filter((arrow) => arrow.fate === 'latched'),
      { ...ends, strokeDasharray: '4,3' },
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

const MARK_SIGNS: Readonly<Record<Mark['is'], string>> = { schema: '◆', leader: '★', killed: '☠' };

function since(lanes: Lanes, atNs: number): number {
  return (atNs - lanes.fromNs) / 1e6;
}

/** An instant in words that keep their precision however far in one has zoomed. */
export function told(ms: number): string {
  if (ms === 0) return '0';
  if (Math.abs(ms) >= 1000) return `${Number((ms / 1000).toFixed(4))} s`;
  return `${Number(ms.toFixed(2))} ms`;
}

function isWithin(ms: number, [fromMs, toMs]: Stretch): boolean {
  return ms >= fromMs && ms <= toMs;
}
