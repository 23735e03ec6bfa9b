/** The signs of a timeline: the hatching of the gates, and a legend of what is drawn. */
import { EVENT_GATES, type EventGate } from '../../node/events.ts';
import { PATCH_GATE } from '../../node/upgrade/strategy.ts';
import { GATE_WORDS } from '../../node/words.ts';
import { rulesOf } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import type { Fate } from './arrows.ts';
import { type Html, html } from './html.ts';
import { keyOf, type Lanes, type Mark, type SpanState } from './lanes.ts';
import { DASHES, MARK_SIGNS, paintOf } from './signs.ts';

/** How dense the hatching of a gate is: faint while a member examines it, strong while it is parked there. */
const STATES = ['at', 'parked'] as const;
type State = (typeof STATES)[number];

/** Hatching for members at gates: a shape for each gate, so that they are told apart without their colours. */
export function patterns(): Html {
  const all = EVENT_GATES.flatMap((gate) => STATES.map((state) => pattern(state, gate)));
  return html`<svg width="0" height="0" aria-hidden="true" style="position:absolute"><defs>
${all}
</defs></svg>`;
}

function pattern(state: State, gate: EventGate): Html {
  const { size, turn, [state]: shape } = SHAPES[gate];
  return html`<pattern id="${state}-${gate}" width="${size}" height="${size}" patternUnits="userSpaceOnUse" patternTransform="rotate(${turn})">
<rect width="${size}" height="${size}" fill="var(--at-${gate})"/><path d="${shape}" fill="var(--${gate}-dark)"/></pattern>`;
}

interface Shape {
  /** Of the square that is repeated, in pixels. */
  readonly size: number;
  /** By how many degrees it is turned. */
  readonly turn: number;
  readonly at: string;
  readonly parked: string;
}

/** They differ in direction and in how much is dark, too: lanes of fifty members are ten pixels high. */
const SHAPES: Readonly<Record<EventGate, Shape>> = {
  // Slanted stripes.
  schema: { size: 7, turn: 45, at: 'M0,0h1v7h-1z', parked: 'M0,0h3v7h-3z' },
  // Dots.
  api: {
    size: 6,
    turn: 0,
    at: 'M2,3a1,1 0 1 0 2,0a1,1 0 1 0 -2,0z',
    parked: 'M1,3a2,2 0 1 0 4,0a2,2 0 1 0 -4,0z',
  },
  // A lattice.
  pair: { size: 7, turn: 0, at: 'M0,0h7v0.8h-6.2v6.2h-0.8z', parked: 'M0,0h7v2h-5v5h-2z' },
  // A cross.
  patch: { size: 9, turn: 0, at: 'M4,0h1v9h-1zM0,4h9v1h-9z', parked: 'M3,0h3v9h-3zM0,3h9v3h-9z' },
  // Upright stripes.
  barrier: { size: 5, turn: 0, at: 'M0,0h0.8v5h-0.8z', parked: 'M0,0h2v5h-2z' },
};

/** @param plan of a roll that goes on: whatever it may come to is explained */
export function legend(lanes: ReadonlyArray<Lanes | null>, plan: Plan | null): Html {
  const all = lanes.filter((each) => each !== null);
  const states = new Set(all.flatMap(({ spans }) => spans.map(({ state }) => keyOf(state))));
  const marks = new Set(all.flatMap((each) => each.marks.map(({ is }) => is)));
  const isSeen = all.some(
    ({ spans, arrows, marks: own }) =>
      spans.some(({ sinceNs, fromNs }) => sinceNs < fromNs) ||
      arrows.some(({ seen }) => seen !== null) ||
      own.some(({ sinceNs, atNs }) => sinceNs < atNs),
  );
  const drawn = statesOf(plan === null ? EVENT_GATES : gatesOf(plan)).filter(
    ([state]) => states.has(keyOf(state)) || (plan !== null && state.is !== 'absent' && state.is !== 'entering'),
  );
  return html`<ul class="legend" aria-label="legend">
${drawn.map(([state, says]) => html`<li>${sample(paintOf(state))}${says}</li>`)}
${isSeen ? html`<li>${SLANTED}${WHISKER}observed: it happened somewhere in between</li>` : html``}
${MARKS.filter(([is]) => marks.has(is) || (plan !== null && is !== 'leader' && !isOfFaults(is))).map(([is, says]) => html`<li>${markSample(is)}${says}</li>`)}
${plan === null ? html`` : html`<li>${NOW}now</li>`}</ul>`;
}

function statesOf(gates: readonly EventGate[]): ReadonlyArray<readonly [state: SpanState, says: string]> {
  return [
    [{ is: 'entering' }, 'entering the cluster'],
    [{ is: 'old' }, 'serving the old version'],
    [{ is: 'stopped' }, 'stopped'],
    [{ is: 'starting' }, 'starting'],
    ...gates.flatMap((gate) => [
      [{ is: 'at', gate }, `examining ${GATE_WORDS[gate]}`] as const,
      [{ is: 'parked', gate }, `parked at ${GATE_WORDS[gate]}`] as const,
    ]),
    [{ is: 'open' }, 'open'],
  ];
}

/** Where members of a plan can wait. */
function gatesOf({ daemon }: Plan): readonly EventGate[] {
  if (daemon.model === null) return ['barrier'];
  const { strategy, patching } = rulesOf(daemon.model);
  return patching.waitsForAll ? [...strategy.gates, PATCH_GATE] : strategy.gates;
}

function sample(paint: string): Html {
  return html`<svg aria-hidden="true" class="boxed"><rect width="100%" height="100%" fill="${paint}"/></svg>`;
}

const SLANTED = html`<svg aria-hidden="true" viewBox="0 0 28 14"><path d="M0,0H20L8,14H0z" fill="var(--starting)"/><path d="M20,0H28V14H8z" fill="var(--open)"/></svg>`;
const WHISKER = html`<svg aria-hidden="true" viewBox="0 0 28 14"><path d="M3,3V11M3,7H25M25,3V11" fill="none" stroke="currentColor" stroke-width="1.5"/></svg>`;
const NOW = html`<svg aria-hidden="true" viewBox="0 0 28 14"><path d="M14,0V14" stroke="var(--now)" stroke-width="2"/></svg>`;

const MARKS: ReadonlyArray<readonly [is: Mark['is'], says: string]> = [
  ['schema', 'the schema is committed'],
  ['patch', 'a patch is run'],
  ['leader', 'another leader'],
  ['killed', 'a member is killed'],
  ['fault', 'a fault begins'],
  ['undone', 'it is undone'],
];

/** Whoever watches a roll without faults is not told of their signs. */
function isOfFaults(is: Mark['is']): boolean {
  return is === 'fault' || is === 'undone';
}

function markSample(is: Mark['is']): Html {
  return html`<svg aria-hidden="true" viewBox="0 0 28 14"><path d="M6,0V14" stroke="var(--${is})" stroke-width="2"/><text x="12" y="12" font-size="13" fill="var(--${is})">${MARK_SIGNS[is]}</text></svg>`;
}

/** A small arrow as the timeline draws it. */
export function arrowSample(fate: Fate): Html {
  const dashes = DASHES[fate];
  const end = fate === 'dropped' || fate === 'failed' ? 'M20,3l8,8m0,-8l-8,8' : 'M21,2l6,5l-6,5';
  return html`<svg aria-hidden="true" viewBox="0 0 30 14" fill="none" stroke="var(--notice-${fate})" stroke-width="2"><path d="M0,7H26" stroke-dasharray="${dashes}"/><path d="${end}"/></svg>`;
}
