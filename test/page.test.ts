import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { lanesOf } from '../harness/report/lanes.ts';
import { type PageRoll, rollPage } from '../harness/report/page.ts';
import { storyOf } from '../harness/report/story.ts';
import { keepPicture, lookAtPages, openPage } from './support/browser.ts';
import { largeTrace } from './support/large-trace.ts';
import { planOf } from './support/versions.ts';

const MOST_BYTES = 2_000_000;

/** What breaks pages that are not careful. */
const HOSTILE = [
  '</script><script>document.title = "taken"</script>',
  '<!-- <script> ]]> &lt; <img src=x onerror="document.title = 1">',
  'line\u2028separator\u2029and \ud800 half a character',
  'colours \u001b[31mred\u001b[0m, a bell \u0007, a zero \u0000, deleted \u007f, backwards \u202e',
  `${'x'.repeat(300_000)} the end`,
];

describe('the page of a roll', function () {
  this.timeout(60_000);
  const looking = lookAtPages();

  async function open(roll: Partial<PageRoll>, members: number) {
    const { trace } = largeTrace(members, 2);
    const plan = planOf({ from: 'v1', to: 'v2', members });
    const html = await rollPage({
      label: '',
      plan,
      trace,
      verdict: null,
      logs: [],
      command: '–',
      matrix: null,
      ...roll,
    });
    const file = join(looking.home, 'page.html');
    writeFileSync(file, html);
    return { html, ...(await openPage(looking.browser, pathToFileURL(file).href)) };
  }

  it('of fifty members is small, and its many notices are a few paths until one comes closer', async () => {
    const { members, trace } = largeTrace(50, 2);
    const lanes = lanesOf({ members }, trace)!;
    const { html, page, faults } = await open({}, 50);
    expect(html.length).to.be.lessThan(MOST_BYTES);
    await page.getByRole('button', { name: 'All', exact: true }).click();
    const paths = page.locator('[data-part="detail"] path.notices');
    const fates = async () => (await paths.evaluateAll((all) => all.map((path) => path.classList[1]))).sort();
    expect(await fates()).to.deep.equal(['delivered', 'latched']);
    const lanesHeight = await page
      .locator('[data-part="overview"] svg > g > path[fill="var(--open)"]')
      .evaluate((path) => path.getBoundingClientRect().height);
    expect(lanesHeight).to.be.within(100, 160);
    await page.getByLabel('came for nothing').check();
    expect(await fates()).to.deep.equal(['delivered', 'dropped', 'latched']);
    await paths.last().dispatchEvent('pointermove');
    expect(await page.locator('[data-part="caption"]').textContent()).to.match(/^\d+ notices that .+ come closer/);
    await keepPicture(page, 'fifty');

    await page.getByText('What happened, as a table').click();
    const rows = page.locator('[data-part="story"] tbody tr');
    await page.getByText('node01 is stopped').waitFor();
    const story = storyOf(lanes);
    expect(await rows.count()).to.be.lessThan(story.length / 4);
    await page.locator('.scroll:has([data-part="story"])').evaluate((box) => box.scrollTo(0, box.scrollHeight));
    await page.getByText('node50 is open').waitFor();
    await page.evaluate('dispatchEvent(new Event("beforeprint"))');
    expect(await rows.count()).to.equal(story.length);

    for (let times = 0; times < 12; times += 1) await page.getByRole('button', { name: 'Closer' }).click();
    expect(await paths.count()).to.equal(0);
    expect(faults).to.deep.equal([]);
    await page.close();
  });

  it('shows whatever a member prints, and is not changed by it', async () => {
    const atNs = 1e15;
    const logs = HOSTILE.map((text) => ({ member: 'node01', atNs, text }));
    const { page, html, faults } = await open({ logs, command: HOSTILE.slice(0, 4).join(' ') }, 3);
    const title = await page.title();
    await page.getByText('The members’ logs').click();
    await page.getByLabel('only the time shown above').uncheck();
    const cells = page.locator('[data-part="log"] tbody td:nth-child(3)');
    await cells.nth(HOSTILE.length - 1).waitFor();
    const texts = await cells.allTextContents();
    // Half a character is written as an escape, and comes back as it was; the browser's driver cannot carry it.
    const whole = (text: string): string => text.toWellFormed();
    expect(texts.slice(0, 4).map(whole)).to.deep.equal(HOSTILE.slice(0, 4).map(whole));
    expect(texts[4]).to.match(/^x+ … and 296008 characters more, in the log's file$/);
    expect(html.length).to.be.lessThan(MOST_BYTES);
    const command = await page.locator('code').textContent();
    expect(command).to.contain(HOSTILE[0]).and.to.contain('␛[31mred').and.to.contain('a zero ␀');
    expect(await page.title()).to.equal(title);
    expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(1200);
    expect(await page.locator('[data-part="detail"] svg').count()).to.equal(1);
    expect(faults).to.deep.equal([]);
    await page.close();
  });

  it('holds the end of logs that are too long for it, and says so', async () => {
    const logs = Array.from({ length: 20_000 }, (_, index) => ({
      member: 'node02',
      atNs: 1e15 + index,
      text: `line ${index} ${'y'.repeat(90)}`,
    }));
    const { page, html } = await open({ logs }, 3);
    expect(html.length).to.be.lessThan(MOST_BYTES);
    await page.getByText('The members’ logs').click();
    await page.getByLabel('only the time shown above').uncheck();
    await page.getByText(/^… \d+ lines of all members up to here are left out/).waitFor();
    await page.locator('.scroll:has([data-part="log"])').evaluate((box) => box.scrollTo(0, box.scrollHeight));
    await page.getByText(/^line 19999 /).waitFor();
    await page.close();
  });
});
