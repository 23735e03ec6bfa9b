/** The signs of a timeline: the hatching of the gates, and what everything in it means. */
import { EVENT_GATES, type EventGate } from '../../node/events.ts';
import { GATE_WORDS } from '../../node/words.ts';
import { type Html, html } from './html.ts';

const GATES = EVENT_GATES;
type Gate = EventGate;

/** How dense the hatching of a gate is: faint while a member examines it, strong while it is parked there. */
const STATES = ['at', 'parked'] as const;
type State = (typeof STATES)[number];

/** Hatching for members at gates: a shape for each gate, so that they are told apart without their colours. */
export function patterns(): Html {
  const all = GATES.flatMap((gate) => STATES.map((state) => pattern(state, gate)));
  return html`<svg width="0" height="0" aria-hidden="true" style="position:absolute"><defs>
${all}
</defs></svg>`;
}

function pattern(state: State, gate: Gate): Html {
  return html`<pattern id="${state}-${gate}" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect width="7" height="7" fill="var(--at-${gate})"/><path d="${SHAPES[gate][state]}" fill="var(--${gate}-dark)"/></pattern>`;
}

/** Paths within a square of seven pixels, which is turned by 45 degrees. */
const SHAPES: Readonly<Record<Gate, Readonly<Record<State, string>>>> = {
  // Stripes.
  schema: { at: 'M0,0h0.8v7h-0.8z', parked: 'M0,0h2.5v7h-2.5z' },
  // Dots.
  api: {
    at: 'M2.5,3.5a1,1 0 1 0 2,0a1,1 0 1 0 -2,0z',
    parked: 'M1.4,3.5a2.1,2.1 0 1 0 4.2,0a2.1,2.1 0 1 0 -4.2,0z',
  },
  // Both stripes: a lattice.
  pair: { at: 'M0,0h7v0.8h-6.2v6.2h-0.8z', parked: 'M0,0h7v1.7h-5.3v5.3h-1.7z' },
  // A cross.
  patch: { at: 'M3,0h0.8v7h-0.8zM0,3h7v0.8h-7z', parked: 'M2.6,0h1.8v7h-1.8zM0,2.6h7v1.8h-7z' },
  // Short bars.
  barrier: { at: 'M1,3h5v0.8h-5z', parked: 'M1,2.2h5v2.4h-5z' },
};

/** @param gates those that the members of these rolls can wait at */
export function legend(gates: readonly EventGate[]): Html {
  const paints = [
    ['var(--old)', 'serving the old version'],
    ['var(--stopped)', 'stopped'],
    ['var(--starting)', 'starting'],
    ...gates.flatMap((gate) => [
      [`url(#at-${gate})`, `examining ${GATE_WORDS[gate]}`],
      [`url(#parked-${gate})`, `parked at ${GATE_WORDS[gate]}`],
    ]),
    ['var(--open)', 'open'],
  ] as Array<[paint: string, says: string]>;
  return html`<p class="legend">
${paints.map(([paint, says]) => html`<span><svg aria-hidden="true"><rect width="100%" height="100%" fill="${paint}"/></svg>${says}</span>`)}
<span>→ notice: it woke its receiver</span><span>⇢ dashed (faint, where they are many): kept</span><span>✕ dropped, or it never came</span>
<span>◆ schema committed</span><span>✚ patch run</span><span>★ leader</span><span>☠ killed</span></p>`;
}
