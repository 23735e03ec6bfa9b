/** What a reader can do with a page: find the moment, the words for it, and the line of a log. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { judge } from '../harness/judge/judge.ts';
import type { Plan } from '../harness/plan/plan.ts';
import { refreshesOf } from '../harness/plan/plan.ts';
import { comparisonPage, type PageRoll, rollPage } from '../harness/report/page.ts';
import type { Trace } from '../harness/trace/trace.ts';
import { lookAtPages, openPage } from './support/browser.ts';
import { largeTrace } from './support/large-trace.ts';
import { BEGINNING, END, rig, SCENARIO, SECOND_NS, said, traceOf, type Written, woken } from './support/told.ts';
import { planOf } from './support/versions.ts';

const PLAN: Plan = planOf(SCENARIO);
const stepOf = (member: string): number =>
  PLAN.steps.findIndex((step) => step.do === 'refresh' && step.refreshes[0]!.member === member);

/** node01 waits for node02 until its timer fires; a notice to it is given up when all is over. */
const EVENTS: Written[] = [
  ...BEGINNING,
  rig(2.9, 'formed', { how: 'now' }),
  rig(3, 'step', { step: stepOf('node01') }),
  rig(7, 'step', { step: stepOf('node02') }),
  said(55, 'node02', 'notified', {
    peer: 'node01',
    notice: 'node02.1',
    kind: 'api',
    outcome: 'timeout',
    sentNs: 10.2 * SECOND_NS,
  }),
  ...woken(36, 'timer'),
  ...END,
];
const LOGS = [
  { member: 'node01', atNs: 6 * SECOND_NS, text: 'waits at the API gate' },
  { member: 'node02', atNs: 8 * SECOND_NS, text: 'a needle of node02' },
  { member: 'node01', atNs: 36 * SECOND_NS, text: 'woken' },
];

describe('reading a page', function () {
  this.timeout(60_000);
  const looking = lookAtPages();

  function rollOf(trace: Trace, plan: Plan = PLAN, label = ''): PageRoll {
    return { label, plan, trace, verdict: judge(plan, trace), logs: LOGS, command: 'replay it', matrix: null };
  }

  async function open(html: string, hash = ''): Promise<{ page: Page; faults: string[]; address: string }> {
    const file = join(looking.home, 'page.html');
    writeFileSync(file, html);
    const address = pathToFileURL(file).href;
    return { ...(await openPage(looking.browser, `${address}${hash}`)), address };
  }

  const caption = (page: Page) => page.locator('[data-part="caption"]').textContent();
  const parked = (page: Page) => page.locator('[data-part="detail"] [fill="url(#parked-api)"]');

  it('begins with the verdict, and then comes the picture', async () => {
    const { page, faults } = await open(await rollPage(rollOf(traceOf(EVENTS))));
    const topOf = async (selector: string) => (await page.locator(selector).first().boundingBox())!.y;
    const tops = await Promise.all(['h1', '.verdict', '[data-part="detail"]', '.legend', '.wide'].map(topOf));
    expect(tops).to.deep.equal(tops.toSorted((one, other) => one - other));
    expect(tops[2]).to.be.lessThan(400);
    expect(faults).to.deep.equal([]);
    await page.close();
  });

  it('says for whom and for what a parked member waited, at the instant that is pointed at, and to the keyboard', async () => {
    const { page } = await open(await rollPage(rollOf(traceOf(EVENTS))));
    const { x, y, width, height } = (await parked(page).boundingBox())!;
    await page.mouse.move(x + width * 0.02, y + height / 2);
    expect(await caption(page)).to.match(/it waits for node02 \(API extensions 1, wants 2\); its timer woke it$/);
    expect(await page.locator('.tip').textContent()).to.equal(await caption(page));
    await page.mouse.move(x + width * 0.9, y + height / 2);
    expect(await caption(page)).to.contain('waits for word from node02: it could pass, and has not been told');
    await page.mouse.move(1, 1);
    await parked(page).focus();
    expect(await caption(page)).to.match(/waits for node02 \(.+\); then for word from node02/);
    expect(await page.locator('.tip').isVisible()).to.equal(true);
    await page.close();
  });

  it('goes to the moment of a step and its log lines, and to that of a link', async () => {
    const html = await rollPage(rollOf(traceOf(EVENTS)));
    const { page, address } = await open(html);
    const step = page.getByRole('button', { name: 'refresh node02' });
    await step.click();
    expect(await step.getAttribute('aria-current')).to.equal('step');
    expect(page.url()).to.match(/#t=4000ms$/);
    expect(await page.getByText('link to this moment').getAttribute('href')).to.equal('#t=4000ms');
    await page.getByText('a needle of node02').waitFor();
    // Its time alone: the step lasts until the end, and the first line was before it.
    expect(await page.locator('[data-part="log"] tbody').textContent()).to.not.contain('waits at the API gate');
    await page.close();
    const { page: linked } = await open(html, '#t=5.5s');
    expect(await caption(linked)).to.equal('5.5 s');
    expect(await linked.locator('[aria-current]').textContent()).to.contain('refresh node02');
    await linked.close();
    expect(address).to.not.contain('#');
  });

  it('finds what happened and what was logged, and lists its keys', async () => {
    const { page } = await open(await rollPage(rollOf(traceOf(EVENTS))));
    await page.keyboard.press('/');
    await page.keyboard.type('NEEDLE');
    expect(await page.locator('output').textContent()).to.equal('1 found');
    await page.keyboard.press('Enter');
    expect(await caption(page)).to.equal('5 s: node02: a needle of node02');
    await page.locator('[data-part="detail"]').focus();
    await page.keyboard.press('?');
    expect(await page.getByRole('dialog').isVisible()).to.equal(true);
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').isVisible()).to.equal(false);
    await page.close();
  });

  it('explains what is drawn and no more, and keeps within its frame', async () => {
    const { page } = await open(await rollPage(rollOf(traceOf(EVENTS))));
    const legend = (await page.locator('.legend li').allTextContents()).map((text) => text.trim());
    expect(legend).to.include.members(['open', 'stopped', 'parked at the API gate']);
    expect(legend).to.not.include('parked at the schema gate');
    const lost = page.getByLabel('was lost (1)');
    expect(await lost.isChecked()).to.equal(true);
    const arrows = page.locator('[data-part="detail"] [stroke="var(--notice-failed)"]');
    expect(await arrows.count()).to.be.greaterThan(0);
    const chart = (await page.locator('[data-part="detail"] svg').boundingBox())!;
    for (const text of await page.locator('[data-part="detail"] svg text').all()) {
      const box = (await text.boundingBox())!;
      expect(box.x + box.width, (await text.textContent())!).to.be.at.most(chart.x + chart.width + 1);
    }
    expect(await page.locator('[data-part="detail"] [aria-label="arrow"]').getAttribute('clip-path')).to.match(/^url/);
    await lost.uncheck();
    expect(await arrows.count()).to.equal(0);
    await page.close();
  });

  it('draws what was observed as the interval it is', async () => {
    const observed = { sinceNs: 30 * SECOND_NS, by: 'a line' };
    const seen = EVENTS.map(
      ([second, event]): Written => [second, event.event === 'woken' ? { ...event, observed } : event],
    );
    const { page } = await open(await rollPage(rollOf(traceOf(seen))));
    await page.getByRole('button', { name: 'All', exact: true }).click();
    const path = (await parked(page).getAttribute('d'))!;
    const [, left, right, low] = /^M([\d.]+),[\d.]+H([\d.]+)L([\d.]+),/.exec(path)!.map(Number);
    // Parked from 6 s to 36 s, and perhaps only to 30 s.
    expect((right! - low!) / (right! - left!)).to.be.closeTo(6 / 30, 0.01);
    expect((await page.locator('.legend').textContent())!).to.contain('observed: it happened somewhere in between');
    await page.close();
  });

  it('fits a screen of 400 pixels, with a title of one line for fifty members', async () => {
    const { members, trace } = largeTrace(50, 1);
    const plan = planOf({ ...SCENARIO, members: 50 });
    expect(plan.members).to.deep.equal(members);
    expect(refreshesOf(plan)).to.have.length(50);
    const large: PageRoll = { ...rollOf(traceOf(EVENTS)), plan, trace, verdict: null, logs: [] };
    const labelled = ['split notification off', 'split notification on'].map((label) =>
      rollOf(traceOf(EVENTS), PLAN, label),
    );
    for (const html of [await rollPage(large), await comparisonPage(labelled)]) {
      const { page } = await open(html);
      for (const width of [1200, 800, 400]) {
        await page.setViewportSize({ width, height: 800 });
        expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(width);
        // A line is not much higher than its letters; two would be.
        const [height, letters] = await page.evaluate<[number, number]>(
          "[document.querySelector('h1').clientHeight, Number.parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)]",
        );
        expect(height).to.be.lessThan(letters * 1.8);
      }
      await page.close();
    }
  });
});
