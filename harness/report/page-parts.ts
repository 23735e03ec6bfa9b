/** The parts of the page of a roll: its verdict, its picture with the steps of the plan beside it, its tables. */
import type { Check } from '../judge/evidence.ts';
import type { MemberFigures } from '../judge/figures.ts';
import type { Verdict } from '../judge/judge.ts';
import { describeStep } from '../plan/describe.ts';
import type { Plan } from '../plan/plan.ts';
import type { Shown } from './document.ts';
import { differencesOf, FIGURES } from './figures.ts';
import { givenLines } from './given.ts';
import { type Html, html } from './html.ts';
import type { Lanes } from './lanes.ts';
import { headline } from './terminal.ts';

const VERDICT_WORDS = {
  holds: 'The verdict holds.',
  broken: 'The verdict does not hold.',
  unknown: 'The verdict is unknown.',
} as const;

/** More than so many characters of explanation would push the picture off the screen. */
const LONGEST_BECAUSE = 600;

/** @param label of the roll, where there are several */
export function verdictBox(verdict: Verdict | null, label: string): Html {
  const name = label === '' ? html`` : html`<span class="label">${label}:</span> `;
  if (verdict === null) return html`<p class="verdict going">${name}The roll goes on.</p>`;
  const { outcome, sentence, stalls } = verdict;
  const because = stalls[0]?.because;
  return html`<div class="verdict ${outcome === 'holds' ? '' : outcome}">${name}<strong>${VERDICT_WORDS[outcome]}</strong> ${sentence}
${because === undefined ? html`` : explanation(because)}</div>`;
}

function explanation(because: string): Html {
  if (because.length <= LONGEST_BECAUSE) return html`<br>${because}`;
  return html`<details><summary>Who waited for whom</summary>${because}</details>`;
}

/** The steps of the plan, and what the script draws beside them. */
export function picture(plan: Plan, { steps }: Pick<Shown, 'steps'>, about: string): Html {
  const items = plan.steps.map(
    (step, index) =>
      html`<li><button type="button" data-step="${index}" ${steps[index] === null ? 'disabled' : ''}>${describeStep(plan, step)}</button></li>`,
  );
  return html`<div class="picture">
<nav class="steps" aria-label="steps of the plan"><ol data-part="steps">${items}</ol></nav>
<div class="lanes" data-part="lanes">
<div data-part="overview"></div>
<div data-part="detail" tabindex="0" role="group" aria-label="timeline of ${about}: arrow keys step through what happened, ? for all keys"></div>
<ul class="now" data-part="now" hidden></ul>
<p class="moment"><span data-part="caption" aria-live="polite"></span> <a data-part="link" hidden>link to this moment</a></p>
</div>
</div>`;
}

const SINCE: Readonly<Record<Lanes['begins'], string>> = {
  refresh: 'since the first refresh',
  forming: 'since the first start',
};

export function logs(members: readonly string[], begins: Lanes['begins']): Html {
  return html`<details><summary>The members’ logs</summary>
<form data-part="log-filter"><label>member <select name="member"><option value="">all</option>
${members.map((member) => html`<option>${member}</option>`)}</select></label>
<label><input type="checkbox" name="stretch" checked> only the time shown above</label></form>
<div class="scroll" tabindex="0" role="region" aria-label="log lines"><table class="log" data-part="log">
<thead><tr><th>${SINCE[begins]}</th><th>member</th><th>line</th></tr></thead></table></div></details>`;
}

export function story(begins: Lanes['begins']): Html {
  return html`<details><summary>What happened, as a table</summary>
<div class="scroll" tabindex="0" role="region" aria-label="what happened"><table data-part="story">
<thead><tr><th>${SINCE[begins]}</th><th>member</th><th>what</th></tr></thead></table></div></details>`;
}

export function figures(members: readonly MemberFigures[]): Html {
  const rows = members.map(
    (member) =>
      html`<tr><th scope="row">${member.name}</th>${FIGURES.map(
        ({ show, isBad }) => html`<td class="${isBad(member) ? 'bad' : ''}">${unbroken(show(member))}</td>`,
      )}</tr>`,
  );
  return wide(
    html`<thead><tr><th>member</th>${FIGURES.map(({ name }) => html`<th>${name}</th>`)}</tr></thead>
<tbody>${rows}</tbody>`,
    'the figures of each member',
  );
}

/** The same figures of several rolls. */
export function differences(
  rolls: ReadonlyArray<{ readonly label: string; readonly members: readonly MemberFigures[] }>,
): Html {
  const rows = differencesOf(rolls.map(({ members }) => members)).map(
    ({ member, figure, cells }) =>
      html`<tr><th scope="row">${member}</th><td>${figure}</td>${cells.map(
        ({ text, isBad }) => html`<td class="${isBad ? 'bad' : ''}">${unbroken(text)}</td>`,
      )}</tr>`,
  );
  return wide(
    html`<thead><tr><th>member</th><th>figure</th>${rolls.map(({ label }) => html`<th>${label}</th>`)}</tr></thead>
<tbody>${rows}</tbody>`,
    'the figures side by side',
  );
}

type Judged = Pick<Check, 'outcome' | 'leavesOpen'>;

function checkWord({ outcome, leavesOpen }: Judged): string {
  if (outcome === 'not-applicable') return leavesOpen ? 'unknown' : 'not applicable';
  return outcome === 'holds' ? 'holds' : 'BROKEN';
}

function checkTone({ outcome, leavesOpen }: Judged): string {
  if (outcome === 'not-applicable') return leavesOpen ? 'open' : 'about';
  return outcome === 'holds' ? 'good' : 'bad';
}

export function checks(all: readonly Check[]): Html {
  const rows = all.map(
    ({ name, because, ...check }) => html`<tr><td class="${checkTone(check)}">${checkWord(check)}</td>
<th scope="row">${name}</th><td class="prose">${because}</td></tr>`,
  );
  const isFine = all.every(({ outcome, leavesOpen }) => outcome !== 'broken' && !leavesOpen);
  return html`<details ${isFine ? '' : 'open'}><summary>${all.length} checks</summary>
${wide(html`<tbody>${rows}</tbody>`, 'checks', 'checks')}</details>`;
}

/** What was rolled, and how to roll it again. */
export function about(plan: Plan, command: string | null): Html {
  return html`<p class="about">${plan.about === '' ? '' : `${plan.about}. `}${headline(plan)}.</p>
${givenLines(plan).map((line) => html`<p class="about">${line}</p>`)}
${command === null ? html`` : html`<p>Again, exactly: <code>${command}</code></p>`}`;
}

/** A number stays with its unit. */
function unbroken(text: string): string {
  return text.replaceAll(/(?<=\d) (?=(µs|ms|s|min)\b)/g, '\u00a0');
}

/** A table that scrolls by itself where the page is narrower. */
function wide(table: Html, about: string, kind = ''): Html {
  return html`<div class="wide" tabindex="0" role="region" aria-label="${about}"><table class="${kind}">${table}</table></div>`;
}
