/** What a reader of a page works with: its buttons, the filters of notices, its search, and the list of its keys. */
import type { Plan } from '../plan/plan.ts';
import type { Fate } from './arrows.ts';
import type { Shown } from './document.ts';
import { type Html, html } from './html.ts';
import { arrowSample } from './legend.ts';

/** What notices did, in the order in which they are offered. */
const FATES: ReadonlyArray<readonly [fate: Fate, says: string]> = [
  ['delivered', 'woke its receiver'],
  ['latched', 'was kept'],
  ['dropped', 'came for nothing'],
  ['failed', 'was lost'],
];

/** So many that came for nothing hide those that did something. */
const MANY = 40;
/** A roll of more members will have as many. */
const MANY_MEMBERS = 7;

const BUTTONS = [
  ['decisive', 'What decides'],
  ['all', 'All'],
  ['closer', 'Closer'],
  ['farther', 'Farther'],
  ['earlier', 'Earlier'],
  ['later', 'Later'],
] as const;

/** @param plan of a roll that goes on; null where all are over */
export function toolbar(shown: readonly Shown[], plan: Plan | null): Html {
  const arrows = shown.flatMap(({ lanes }) => lanes?.arrows ?? []);
  const countOf = (fate: Fate): number => arrows.filter((arrow) => arrow.fate === fate).length;
  const areMany = plan === null ? countOf('dropped') > MANY : plan.members.length >= MANY_MEMBERS;
  const filters = FATES.map(
    ([fate, says]) =>
      html`<label><input type="checkbox" data-fate="${fate}" autocomplete="off" ${fate === 'dropped' && areMany ? '' : 'checked'}> ${arrowSample(fate)} ${says} (<span data-count="${fate}">${countOf(fate)}</span>)</label>`,
  );
  return html`<div class="controls" role="toolbar" aria-label="what the timelines show">
${BUTTONS.map(([does, says]) => html`<button type="button" data-do="${does}">${says}</button>`)}
${shown.length > 1 ? html`<label><input type="checkbox" data-linked autocomplete="off"> the same time in all</label>` : html``}
<form role="search" data-search><input type="search" placeholder="search" aria-label="search in what happened and in the logs" autocomplete="off">
<output></output></form>
<button type="button" data-do="keys" aria-label="keys" title="keys">?</button>
</div>
${
  plan === null && arrows.length === 0
    ? html``
    : html`<fieldset class="filters"><legend>A notice …</legend>
${filters}</fieldset>`
}`;
}

const KEYS = [
  ['← →', 'in a timeline: the thing that happened before, or next'],
  ['Shift ← →', 'earlier, later'],
  ['+ −', 'closer, farther; the mouse wheel with Ctrl does the same'],
  ['0', 'all of the roll'],
  ['[ ]', 'the step of the plan before, or next'],
  ['/', 'search; Enter goes on to the next that was found, Shift Enter back'],
  ['?', 'this list; Esc closes it'],
] as const;

export function keys(): Html {
  return html`<dialog data-keys aria-label="keys"><table><tbody>
${KEYS.map(([key, does]) => html`<tr><th scope="row"><kbd>${key}</kbd></th><td>${does}</td></tr>`)}
</tbody></table><p>Drag on the small timeline to choose what the large one shows. Point at anything to read what it is.</p>
<form method="dialog"><button>Close</button></form></dialog>`;
}
