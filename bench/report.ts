/** How large the page of a roll is, and how soon Chromium paints it, against an empty page in the same browser. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { roll } from '../harness/cli/roll-plan.ts';
import { lanesOf } from '../harness/report/lanes.ts';
import { plainTable } from '../harness/report/table.ts';
import { processRuntime } from '../harness/runtime/process.ts';
import { formatDuration } from '../node/duration.ts';
import { planOf } from '../test/support/versions.ts';
import { median } from './figures.ts';
import { withRunsFolder } from './start.ts';

const CHROMIUM = '/usr/bin/chromium';
const MEMBERS = [3, 10, 25, 50];
const RUNS = 9;
/** Aims. A roll of fifty members has thousands of notices; its page is to be as easy to keep and to open as any other. */
const MOST_BYTES = 2_000_000;
const MOST_RATIO = 5;

/** The page of a roll of real members. */
interface PageFigures {
  readonly members: number;
  readonly notices: number;
  readonly bytes: number;
  /** From the start of loading to the first picture on the screen, notices and all; medians. */
  readonly drawnMs: number;
  /** The first paint of a page with one word. */
  readonly emptyMs: number;
}

export async function reportBench(): Promise<void> {
  if (!existsSync(CHROMIUM)) {
    console.log('Chromium is not installed: reports were not measured');
    return;
  }
  const table = plainTable(['report of', 'notices', 'size', 'aim', 'drawn', 'empty page', 'ratio', 'aim', 'runs']);
  for (const { members, notices, bytes, drawnMs, emptyMs } of await measurePages()) {
    const size = [`${Math.round(bytes / 1000)} kB`, `< ${MOST_BYTES / 1000} kB`];
    const drawn = [formatDuration(drawnMs), formatDuration(emptyMs), (drawnMs / emptyMs).toFixed(1), `< ${MOST_RATIO}`];
    table.push([`${members} members`, String(notices), ...size, ...drawn, String(RUNS)]);
  }
  console.log(table.toString());
}

async function measurePages(): Promise<PageFigures[]> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    return await withRunsFolder(async (runs) => {
      const empty = join(runs, 'empty.html');
      writeFileSync(empty, '<!doctype html><title>empty</title><p>empty');
      const found: PageFigures[] = [];
      for (const members of MEMBERS) found.push(await measurePage(browser, members, runs, empty));
      return found;
    });
  } finally {
    await browser.close();
  }
}

async function measurePage(browser: Browser, members: number, runs: string, empty: string): Promise<PageFigures> {
  const scenario = { from: 'v1', to: 'v2', members, pace: 'eager' } as const;
  const plan = planOf(scenario);
  const signal = new AbortController().signal;
  const rolled = await roll(plan, { runtime: processRuntime(), runs, signal });
  const page = join(rolled.folder, 'report.html');
  const drawn: number[] = [];
  const blank: number[] = [];
  // In turns: what else the machine does slows both.
  for (let run = 0; run < RUNS; run += 1) {
    blank.push(await paintedMs(browser, empty, 'p'));
    drawn.push(await paintedMs(browser, page, '[data-part="detail"] [aria-label="bar"] path'));
  }
  return {
    members,
    notices: lanesOf(plan, rolled.trace)?.arrows.length ?? 0,
    bytes: statSync(page).size,
    drawnMs: median(drawn),
    emptyMs: median(blank),
  };
}

/** From the start of loading a file to the paint that shows an element of it. */
async function paintedMs(browser: Browser, file: string, selector: string): Promise<number> {
  const page = await browser.newPage();
  await page.goto(pathToFileURL(file).href, { waitUntil: 'commit' });
  await page.locator(selector).first().waitFor();
  // The frame after the one in which the element is there has been painted; its time counts from the start of loading.
  const frame = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))';
  const tookMs = await page.evaluate<number>(frame);
  await page.close();
  return tookMs;
}
