/**
 * The report of a roll, or of several on one scale, as one HTML file: it needs no network and opens from disk. The words
 * and the figures are in the page as it is; the picture is drawn by its script.
 */
import { EVENT_GATES, type EventGate } from '../../node/events.ts';
import { PATCH_GATE } from '../../node/upgrade/strategy.ts';
import type { Check } from '../judge/evidence.ts';
import type { MemberFigures } from '../judge/figures.ts';
import type { Verdict } from '../judge/judge.ts';
import { rulesOf } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import type { LogLine } from '../trace/log-line.ts';
import type { Trace } from '../trace/trace.ts';
import { type PageData, shownOf } from './document.ts';
import { differencesOf, FIGURES } from './figures.ts';
import { dataElement, type Html, html, pageOf, scriptElement } from './html.ts';
import { lanesOf } from './lanes.ts';
import { legend, patterns } from './legend.ts';
import { pageScript } from './page-script.ts';
import { headline } from './terminal.ts';

/** A roll that a page shows. */
export interface PageRoll {
  /** What tells it from the others; empty where there is only one. */
  readonly label: string;
  readonly plan: Plan;
  readonly trace: Trace;
  /** Null while the roll goes on. */
  readonly verdict: Verdict | null;
  readonly logs: readonly LogLine[];
  /** The command that carries the same plan out again. */
  readonly command: string;
}

/** The page of one roll. @param live where its events come from while it goes on */
export async function rollPage(roll: PageRoll, live: string | null = null): Promise<string> {
  const body = html`${title(roll.plan)}
<p class="about">${roll.plan.about}</p>
${controls([roll])}
${section(roll, 0)}
${await scripts([roll], live)}`;
  return pageOf(roll.plan.name, body);
}

/** The page of several rolls, one above the other on the same scale, with the table of their differences. */
export async function comparisonPage(rolls: readonly PageRoll[]): Promise<string> {
  const title = rolls.map(({ label }) => label).join(' / ');
  const body = html`<h1>${title}</h1>
<p class="about">${rolls[0]!.plan.about}</p>
${controls(rolls)}
${rolls.map(section)}
<h2>Side by side</h2>
${differences(rolls)}
${await scripts(rolls, null)}`;
  return pageOf(title, body);
}

/** Of so many members most notices come for nothing, hundreds of them, and hide the others; and names fill a page. */
const MANY_MEMBERS = 12;

function title(plan: Plan): Html {
  if (plan.members.length < MANY_MEMBERS) return html`<h1>${headline(plan)}</h1>`;
  return html`<h1>${plan.name}: ${plan.members.length} members, ${plan.from} → ${plan.to}</h1>
<details><summary>In which order, and how</summary>${headline(plan)}</details>`;
}

function controls(rolls: readonly PageRoll[]): Html {
  const buttons = [
    ['all', 'All'],
    ['decisive', 'What decides'],
    ['closer', 'Closer'],
    ['farther', 'Farther'],
    ['earlier', 'Earlier'],
    ['later', 'Later'],
  ] as const;
  const areFew = rolls.every(({ plan }) => plan.members.length < MANY_MEMBERS);
  return html`${patterns()}
<div class="controls" role="toolbar" aria-label="what the timelines show">
${buttons.map(([does, says]) => html`<button type="button" data-do="${does}">${says}</button>`)}
<label><input type="checkbox" data-show="idle" autocomplete="off" ${areFew ? 'checked' : ''}> notices that came for nothing</label>
<span class="hint">Drag on the small timeline. In the large one: ← → step through what happened, Shift moves, + − 0 zoom.</span>
</div>
${legend(EVENT_GATES.filter((gate) => rolls.some(({ plan }) => gatesOf(plan).includes(gate))))}`;
}

/** Where members of a plan can wait. */
function gatesOf({ daemon }: Plan): readonly EventGate[] {
  if (daemon.model === null) return ['barrier'];
  const { strategy, patching } = rulesOf(daemon.model);
  return patching.waitsForAll ? [...strategy.gates, PATCH_GATE] : strategy.gates;
}

function section(roll: PageRoll, index: number): Html {
  const { label, plan, verdict, command } = roll;
  const about = label === '' ? 'the roll' : label;
  return html`<section data-roll="${index}" aria-label="${about}">
${label === '' ? html`` : html`<h2>${label}</h2>`}
${verdict === null ? html`<p class="verdict">The roll goes on.</p>` : verdictOf(verdict)}
<div data-part="overview"></div>
<div data-part="detail" tabindex="0" role="group" aria-label="timeline of ${about}: arrow keys step through what happened"></div>
<p data-part="caption" aria-live="polite"></p>
${verdict === null ? html`` : figures(verdict.members)}
${verdict === null ? html`` : checks(verdict)}
<p>Again, exactly: <code>${command}</code></p>
<details><summary>What happened, as a table</summary><div class="scroll" tabindex="0"><table data-part="story">
<thead><tr><th>since the first refresh</th><th>member</th><th>what</th></tr></thead></table></div></details>
<details><summary>The members’ logs</summary>
<form data-part="log-filter"><label>member <select name="member"><option value="">all</option>
${plan.members.map((member) => html`<option>${member}</option>`)}</select></label>
<label><input type="checkbox" name="stretch" checked> only the time shown above</label></form>
<div class="scroll" tabindex="0"><table class="log" data-part="log">
<thead><tr><th>since the first refresh</th><th>member</th><th>line</th></tr></thead></table></div></details>
</section>`;
}

const VERDICT_WORDS = {
  holds: 'The verdict holds.',
  broken: 'The verdict does not hold.',
  unknown: 'The verdict is unknown.',
} as const;

function verdictOf({ outcome, sentence, stalls }: Verdict): Html {
  const word = VERDICT_WORDS[outcome];
  const because = stalls[0]?.because;
  return html`<div class="verdict ${outcome === 'holds' ? '' : outcome}"><strong>${word}</strong> ${sentence}
${because === undefined ? html`` : html`<br>${because}`}</div>`;
}

function figures(members: readonly MemberFigures[]): Html {
  const rows = members.map(
    (member) =>
      html`<tr><th scope="row">${member.name}</th>${FIGURES.map(
        ({ show, isBad }) => html`<td class="${isBad(member) ? 'bad' : ''}">${show(member)}</td>`,
      )}</tr>`,
  );
  return html`<div class="wide"><table><thead><tr><th>member</th>${FIGURES.map(({ name }) => html`<th>${name}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function checkWord({ outcome, leavesOpen }: Pick<Check, 'outcome' | 'leavesOpen'>): string {
  if (outcome === 'not-applicable') return leavesOpen ? 'unknown' : 'not applicable';
  return outcome === 'holds' ? 'holds' : 'BROKEN';
}

function checkTone({ outcome, leavesOpen }: Pick<Check, 'outcome' | 'leavesOpen'>): string {
  if (outcome === 'not-applicable') return leavesOpen ? 'open' : 'about';
  return outcome === 'holds' ? 'good' : 'bad';
}

function checks({ checks: all }: Verdict): Html {
  const rows = all.map(
    ({ name, because, ...check }) => html`<tr><td class="${checkTone(check)}">${checkWord(check)}</td>
<th scope="row">${name}</th><td>${because}</td></tr>`,
  );
  return html`<details ${all.every(({ outcome, leavesOpen }) => outcome !== 'broken' && !leavesOpen) ? '' : 'open'}><summary>${all.length} checks</summary>
<div class="wide"><table><tbody>${rows}</tbody></table></div></details>`;
}

function differences(rolls: readonly PageRoll[]): Html {
  const rows = differencesOf(rolls.map(({ verdict }) => verdict?.members ?? [])).map(
    ({ member, figure, cells }) =>
      html`<tr><th scope="row">${member}</th><td>${figure}</td>${cells.map(
        ({ text, isBad }) => html`<td class="${isBad ? 'bad' : ''}">${text}</td>`,
      )}</tr>`,
  );
  return html`<div class="wide"><table><thead><tr><th>member</th><th>figure</th>${rolls.map(({ label }) => html`<th>${label}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

/** @param address where the events of the only roll come from while it goes on */
async function scripts(rolls: readonly PageRoll[], address: string | null): Promise<Html> {
  const data: PageData = {
    rolls: rolls.map(({ plan, trace, logs }) => shownOf(lanesOf(plan, trace), logs)),
    live: address === null ? null : { address, members: rolls[0]!.plan.members },
  };
  return html`${dataElement('data', data)}
${scriptElement(await pageScript())}`;
}
