import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { execa } from 'execa';
import type { Page } from 'playwright-core';
import { paths } from '../harness/host/paths.ts';
import { chromeTrace } from '../harness/report/chrome-trace.ts';
import { type Lanes, lanesOf } from '../harness/report/lanes.ts';
import { otlpTrace } from '../harness/report/otlp.ts';
import { storyOf } from '../harness/report/story.ts';
import { readRun } from '../harness/store/run-folder.ts';
import { rigEvents } from '../harness/trace/trace.ts';
import { keepPicture, lookAtPages, openPage } from './support/browser.ts';

const RIG = join(paths.root, 'harness', 'cli', 'main.ts');
const MOST_BYTES = 1_000_000;

describe('the report', function () {
  this.timeout(120_000);
  let home: string;
  /** The folders of the reported deadlock and of the same roll with the notification split. */
  let combined: string;
  let split: string;

  before(async () => {
    home = mkdtempSync(join(tmpdir(), 'rig-test-'));
    const diff = await execa(process.execPath, [RIG, 'diff', '--runtime', 'process', '--wait', '3s'], { cwd: home });
    expect(diff.exitCode).to.equal(0);
    const folders = readdirSync(join(home, 'runs')).map((name) => join(home, 'runs', name));
    combined = folders.find((folder) => folder.includes('notification-off'))!;
    split = folders.find((folder) => folder.includes('notification-on'))!;
  });
  after(() => rmSync(home, { recursive: true }));

  function lanes(folder: string): Lanes {
    const { plan, trace } = readRun(folder);
    return lanesOf(plan, trace)!;
  }

  it('is one small file for a roll, and one for a comparison', () => {
    for (const file of [join(combined, 'report.html'), join(split, 'comparison.html')]) {
      expect(statSync(file).size, file).to.be.lessThan(MOST_BYTES);
      expect(readFileSync(file, 'utf8')).to.not.match(/(src|href)="(?!data:)/);
    }
  });

  it('names the verdict, the cycle, the figures and the command that carries the roll out again', () => {
    const page = readFileSync(join(combined, 'report.html'), 'utf8');
    expect(page).to.contain('The verdict does not hold.');
    expect(page).to.match(/That is a cycle: node0\d → node0\d → node0\d/);
    expect(page).to.match(/ roll --from v1 --to v2 .*--order 1,2,3\b.*--strategy combined\b.*--wait 3s/);
    expect(page).to.contain('unblock latency');
  });

  it('says in lanes and arrows what the trace says', () => {
    const { spans, arrows, marks, fromNs, toNs, members } = lanes(combined);
    for (const member of members) {
      const own = spans.filter((span) => span.member === member);
      expect(own[0]!.fromNs).to.equal(fromNs);
      expect(own.at(-1)!.toNs).to.equal(toNs);
      for (const [index, span] of own.slice(1).entries()) expect(span.fromNs).to.equal(own[index]!.toNs);
      const states = own.map(({ state }) => state.is);
      expect(states).to.include.members(['stopped', 'starting', 'parked', 'open']);
    }
    const { trace } = readRun(combined);
    const closingNs = rigEvents(trace, 'ledger')[0]!.atNs;
    const sent = trace.filter(
      (event) => 'event' in event && event.event === 'notified' && event.sentNs >= fromNs && event.sentNs < closingNs,
    );
    expect(arrows).to.have.length(sent.length);
    expect(marks.map((mark) => mark.is)).to.deep.equal(['schema']);
  });

  it('can be looked at in other viewers', () => {
    const { plan, trace } = readRun(split);
    const own = lanes(split);
    const { traceEvents } = chromeTrace(plan.name, own);
    const slices = traceEvents.filter((event) => event.ph === 'X');
    expect(slices).to.have.length(own.spans.length);
    const [flowsFrom, flowsTo] = ['s', 'f'].map((ph) => traceEvents.filter((event) => event.ph === ph));
    expect(flowsFrom!.map(({ id }) => id)).to.deep.equal(flowsTo!.map(({ id }) => id));
    expect(flowsFrom).to.have.length(own.arrows.length);

    const began = rigEvents(trace, 'began')[0]!;
    const otlp = JSON.parse(otlpTrace(plan, own, began.startedAt, began.atNs));
    const spans = otlp.resourceSpans.flatMap((resource: { scopeSpans: Array<{ spans: unknown[] }> }) =>
      resource.scopeSpans.flatMap((scope) => scope.spans),
    ) as Array<{ name: string; traceId: string; parentSpanId?: string; startTimeUnixNano: string }>;
    expect(spans).to.have.length(1 + own.spans.length + own.arrows.length);
    expect(new Set(spans.map((span) => span.traceId)).size).to.equal(1);
    expect(spans.filter((span) => span.parentSpanId === undefined).map(({ name }) => name)).to.deep.equal([
      'roll v1 → v2',
    ]);
    const first = Math.min(...spans.map((span) => Number(span.startTimeUnixNano)));
    expect(first / 1e6).to.be.closeTo(Date.parse(began.startedAt) + (own.fromNs - began.atNs) / 1e6, 1);
  });

  describe('in a browser', () => {
    const looking = lookAtPages();

    const labels = (page: Page, mark: 'bar' | 'arrow', roll = 0) =>
      page
        .locator(`[data-roll="${roll}"] [data-part="detail"] g[aria-label="${mark}"] [aria-label]`)
        .evaluateAll((elements) => elements.map((element) => element.getAttribute('aria-label')!));
    /** What each timeline says that it shows, with the time. */
    const stretches = (page: Page) =>
      page
        .locator('[data-part="detail"] svg')
        .evaluateAll((all) => all.map((svg) => /from .+/.exec(svg.getAttribute('aria-label')!)![0]));
    /** The length of `from 1.2 s to 3.4 s` in milliseconds; `from 0` has no unit. */
    const lengthMs = (stretch: string): number => {
      const [fromMs, toMs] = [...stretch.matchAll(/(-?[\d.]+)(?: (ms|s))?\b/g)].map(
        ([, number, unit]) => Number(number) * (unit === 's' ? 1000 : 1),
      );
      return toMs! - fromMs!;
    };
    const axis = (page: Page) =>
      page.locator('[data-part="detail"] g[aria-label="x-axis tick label"] text').first().locator('..').textContent();

    it('draws every lane and every notice, steps and zooms by keyboard, and filters the logs', async () => {
      const { page, faults } = await openPage(looking.browser, pathToFileURL(join(split, 'report.html')).href);
      const own = lanes(split);
      await page.getByRole('button', { name: 'All', exact: true }).click();
      expect(await labels(page, 'bar')).to.have.length(own.spans.length);
      expect(await labels(page, 'arrow')).to.have.length(own.arrows.length);
      const dashed = page.locator('[data-part="detail"] g[aria-label="arrow"] [stroke-dasharray] > [aria-label]');
      expect(await dashed.count()).to.equal(own.arrows.filter(({ fate }) => fate === 'latched').length);
      const story = storyOf(own);
      await page.getByText('What happened, as a table').click();
      const rows = page.locator('[data-part="story"] tbody tr');
      await rows.nth(story.length - 1).waitFor({ state: 'attached' });
      expect(await rows.count()).to.equal(story.length);

      const whole = await axis(page);
      const detail = page.locator('[data-part="detail"]');
      await detail.focus();
      await page.keyboard.press('ArrowRight');
      const caption = page.locator('[data-part="caption"]');
      expect(await caption.textContent()).to.contain(story[0]!.says);
      await page.keyboard.press('ArrowRight');
      expect(await caption.textContent()).to.contain(story[1]!.says);
      await page.keyboard.press('+');
      const closer = await axis(page);
      expect(closer).to.not.equal(whole);
      expect((await labels(page, 'bar')).length).to.be.lessThan(own.spans.length);
      await page.keyboard.press('0');
      expect(await axis(page)).to.equal(whole);

      await page.getByRole('button', { name: 'What decides' }).click();
      const decisive = await axis(page);
      expect(decisive).to.not.equal(whole);
      const box = (await page.locator('[data-part="overview"] svg').boundingBox())!;
      await page.mouse.move(box.x + box.width * 0.15, box.y + 12);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.3, box.y + 12, { steps: 4 });
      await page.mouse.up();
      expect(await axis(page)).to.not.be.oneOf([whole, decisive]);
      expect((await labels(page, 'bar')).filter((label) => label.includes('is open'))).to.deep.equal([]);
      await page.getByRole('button', { name: 'What decides' }).click();
      expect(await axis(page)).to.equal(decisive);

      await page.getByText('The members’ logs').click();
      const lines = page.locator('[data-part="log"] tbody td:nth-child(2)');
      await lines.first().waitFor();
      const few = await lines.count();
      await page.getByLabel('only the time shown above').uncheck();
      await lines.nth(few).waitFor();
      expect(new Set(await lines.allTextContents())).to.have.length(3);
      await page.getByRole('combobox').selectOption('node02');
      await lines.first().waitFor();
      expect([...new Set(await lines.allTextContents())]).to.deep.equal(['node02']);
      await keepPicture(page, 'roll');
      expect(faults).to.deep.equal([]);
    });

    it('shows the stall and the milliseconds on one page, in light and dark', async () => {
      for (const scheme of ['light', 'dark'] as const) {
        const address = pathToFileURL(join(split, 'comparison.html')).href;
        const { page, faults } = await openPage(looking.browser, address, scheme);
        // Each half shows where it was decided: the one the end of its stall, the other its milliseconds.
        for (const roll of [0, 1]) {
          const decisive = await labels(page, 'bar', roll);
          expect(decisive.filter((label) => label.includes('is parked'))).to.not.have.length(0);
          expect(decisive.filter((label) => label.includes('is open'))).to.have.length(3);
        }
        const [stalled, prompt] = (await stretches(page)).map(lengthMs);
        expect(prompt).to.be.lessThan(stalled! / 2);
        await page.getByLabel('the same time in all').check();
        expect(new Set(await stretches(page))).to.have.length(1);
        await page.getByRole('button', { name: 'All', exact: true }).click();
        const longestPark = (roll: number) =>
          page
            .locator(`[data-roll="${roll}"] [data-part="detail"] g[aria-label="bar"] [fill^="url(#parked"]`)
            .evaluateAll((bars) => Math.max(...bars.map((bar) => bar.getBoundingClientRect().width)));
        expect(await longestPark(0)).to.be.greaterThan(1.5 * (await longestPark(1)));
        await keepPicture(page, `comparison-${scheme}`);
        expect(faults).to.deep.equal([]);
        await page.close();
      }
    });

    it('shows a matrix as a grid in which every cell leads to the report of its roll', async () => {
      const args = ['matrix', '--pairs', 'v1-v2', '--order', '1,2,3', '--strategy', 'split,combined', '--wait', '2s'];
      const matrix = await execa(process.execPath, [RIG, ...args], { cwd: home, reject: false });
      expect(matrix.exitCode, matrix.stdout).to.equal(1);
      const address = pathToFileURL(join(home, 'runs', 'latest-matrix', 'report.html')).href;
      const { page, faults } = await openPage(looking.browser, address);
      expect(await page.locator('.grid td').allTextContents()).to.deep.equal(['holds', 'BROKEN']);
      await keepPicture(page, 'matrix');
      await page.locator('.grid').getByText('BROKEN').click();
      await page.getByText('The verdict does not hold.').waitFor();
      const command = await page.locator('code').textContent();
      expect(command).to.match(/ roll --from v1 --to v2 .*--order 1,2,3\b.*--strategy combined\b/);
      expect((await labels(page, 'bar')).length).to.be.greaterThan(0);
      expect(faults.filter((fault) => !fault.startsWith('it asked for file:'))).to.deep.equal([]);
    });

    it('follows a roll while it goes on, and shows the verdict when it is over', async () => {
      const rig = execa(process.execPath, [RIG, 'watch', '--runtime', 'process', '--wait', '30s', '--pace', '1s'], {
        cwd: home,
        reject: false,
      });
      try {
        const address = await new Promise<string>((resolve) => {
          rig.stdout.on('data', (said: Buffer) => {
            const found = /watch it at (\S+)/.exec(String(said))?.[1];
            if (found !== undefined) resolve(found);
          });
        });
        const { page, faults } = await openPage(looking.browser, address);
        // Neither the colour of a verdict that holds, nor that of any other.
        expect(await page.locator('.verdict').getAttribute('class')).to.equal('verdict going');
        expect(await page.locator('.verdict').textContent()).to.equal('The roll goes on.');
        await page.locator('[data-part="detail"] [aria-label*="is parked at the schema gate"]').first().waitFor();
        await page.locator('[data-part="now"]').getByText('node01 is parked at the schema gate, timer').waitFor();
        // The step that is going on, not the one in which the picture begins.
        await page.waitForFunction(
          `[...document.querySelectorAll('[data-step]:not(:disabled)')].at(-1).matches('[aria-current]')`,
        );
        const now = () => page.locator('[data-part="detail"] [aria-label="now"]').evaluate((line) => line.outerHTML);
        const first = await now();
        await page.waitForFunction(
          `document.querySelector('[data-part="detail"] [aria-label="now"]').outerHTML !== ${JSON.stringify(first)}`,
        );
        await page.getByText('The verdict holds.').waitFor();
        expect((await labels(page, 'bar')).filter((label) => label.includes('is open'))).to.have.length(3);
        expect(faults).to.deep.equal([]);
      } finally {
        rig.kill('SIGINT');
      }
      expect((await rig).exitCode).to.equal(0);
    });
  });
});
