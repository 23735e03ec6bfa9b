/**
 * The report of a roll, or of several, as one HTML file: it needs no network and opens from disk. The words and the figures are
 * in the page as it is; the picture is drawn by its script. It begins with the verdict, and then the picture.
 */
import type { Verdict } from '../judge/judge.ts';
import type { Plan } from '../plan/plan.ts';
import type { LogLine } from '../trace/log-line.ts';
import type { Trace } from '../trace/trace.ts';
import { type PageData, packRoll, type Shown, shownOf } from './document.ts';
import { dataElement, type Html, html, pageOf, scriptElement } from './html.ts';
import { legend, patterns } from './legend.ts';
import { about, checks, differences, figures, logs, picture, story, verdictBox } from './page-parts.ts';
import { pageScript } from './page-script.ts';
import { keys, toolbar } from './page-tools.ts';
import { titleOf } from './terminal.ts';

/** A roll that a page shows. */
export interface PageRoll {
  /** What tells it from the others; empty where there is only one. */
  readonly label: string;
  readonly plan: Plan;
  readonly trace: Trace;
  /** Null while the roll goes on. */
  readonly verdict: Verdict | null;
  readonly logs: readonly LogLine[];
  /** The command that carries the same plan out again; null where there is nothing yet to be carried out. */
  readonly command: string | null;
  /** The page of the matrix that the roll is one of, as a link; null where it is none. */
  readonly matrix: string | null;
}

/** The page of one roll. @param live where its events come from while it goes on */
export async function rollPage(roll: PageRoll, live: string | null = null): Promise<string> {
  const shown = shownOf(roll.plan, roll.trace);
  const body = html`${roll.matrix === null ? html`` : html`<nav><a href="${roll.matrix}">The matrix that it is a roll of</a></nav>`}
${title(titleOf(roll.plan))}
${verdictBox(roll.verdict, '')}
${toolbar([shown], live === null ? null : roll.plan)}
${section(roll, shown, legend([shown.lanes], live === null ? null : roll.plan), 0)}
${foot()}
${await scripts([roll], [shown], live)}`;
  return pageOf(roll.plan.name, body);
}

/** The page of several rolls, one above the other, each opened where it is decided, with the table of their differences. */
export async function comparisonPage(rolls: readonly PageRoll[]): Promise<string> {
  const labels = rolls.map(({ label }) => label).join(' / ');
  const shown = rolls.map(({ plan, trace }) => shownOf(plan, trace));
  const legendOfAll = legend(
    shown.map(({ lanes }) => lanes),
    null,
  );
  const body = html`${title(labels)}
${rolls.map(({ verdict, label }) => verdictBox(verdict, label))}
${toolbar(shown, null)}
${rolls.map((roll, index) => section(roll, shown[index]!, index === 0 ? legendOfAll : html``, index))}
<h2>Side by side</h2>
${differences(rolls.map(({ label, verdict }) => ({ label, members: verdict?.members ?? [] })))}
${foot()}
${await scripts(rolls, shown, null)}`;
  return pageOf(labels, body);
}

/** Of one line: what it has no room for can be read where one points at it. */
function title(text: string): Html {
  return html`<h1 title="${text}">${text}</h1>`;
}

/** @param signs what is drawn, in words: below the first picture of a page */
function section(roll: PageRoll, shown: Shown, signs: Html, index: number): Html {
  const { label, plan, verdict, command } = roll;
  const begins = shown.lanes?.begins ?? 'refresh';
  return html`<section data-roll="${index}" aria-label="${label === '' ? 'the roll' : label}">
${label === '' ? html`` : html`<h2>${label}</h2>`}
${picture(plan, shown, label === '' ? 'the roll' : label)}
${signs}
${logs(plan.members, begins)}
${story(begins)}
${verdict === null ? html`` : figures(verdict.members)}
${verdict === null ? html`` : checks(verdict.checks)}
${about(plan, command)}
</section>`;
}

/** What all pictures of a page share. */
function foot(): Html {
  return html`${patterns()}
${keys()}`;
}

/** @param address where the events of the only roll come from while it goes on */
async function scripts(rolls: readonly PageRoll[], shown: readonly Shown[], address: string | null): Promise<Html> {
  const data: PageData = {
    rolls: rolls.map((roll, index) => packRoll(shown[index]!, roll.logs)),
    // A page has no use for the records, which may be many.
    live: address === null ? null : { address, plan: { ...rolls[0]!.plan, records: [] } },
  };
  return html`${dataElement('data', data)}
${scriptElement(await pageScript())}`;
}
