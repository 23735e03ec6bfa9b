/** How large the page of a roll is, and how soon Chromium paints it, against an empty page in the same browser. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { roll } from '../harness/cli/roll-plan.ts';
import { ourSource } from '../harness/daemon/ours/plan.ts';
import type { Versions } from '../harness/input/versions.ts';
import { compile } from '../harness/plan/compile.ts';
import { processRuntime } from '../harness/runtime/process.ts';
import { median } from './figures.ts';
import { withRunsFolder } from './start.ts';

const CHROMIUM = '/usr/bin/chromium';
const MEMBERS = [3, 9, 50];
const RUNS = 5;

/** The page of a roll of real members. */
export interface PageFigures {
  readonly members: number;
  readonly bytes: number;
  /** From the start of loading to the first lane on the screen; medians. */
  readonly drawnMs: number;
  /** The first paint of a page with one word. */
  readonly emptyMs: number;
}

/** Null where Chromium is not installed. */
export async function measurePages(versions: Versions): Promise<PageFigures[] | null> {
  if (!existsSync(CHROMIUM)) return null;
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    return await withRunsFolder(async (runs) => {
      const empty = join(runs, 'empty.html');
      writeFileSync(empty, '<!doctype html><title>empty</title><p>empty');
      const pinned = new Map([...versions].map(([name, source]) => [name, source.build.version]));
      const found: PageFigures[] = [];
      for (const members of MEMBERS) {
        const scenario = { from: 'v1', to: 'v2', members, pace: 'eager' } as const;
        const [plan] = compile({ scenario, daemon: ourSource, versions: pinned, records: [], freshSeed: 1 });
        const signal = new AbortController().signal;
        const rolled = await roll(plan!, { runtime: processRuntime(), runs, signal });
        const page = join(rolled.folder, 'report.html');
        const drawnMs = await medianOf(browser, page, '[data-part="detail"] rect');
        found.push({ members, bytes: statSync(page).size, drawnMs, emptyMs: await medianOf(browser, empty, 'p') });
      }
      return found;
    });
  } finally {
    await browser.close();
  }
}

async function medianOf(browser: Browser, file: string, selector: string): Promise<number> {
  const taken: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(file).href, { waitUntil: 'commit' });
    await page.locator(selector).first().waitFor();
    // The frame after the one in which the element is there has been painted; its time counts from the start of loading.
    taken.push(
      await page.evaluate<number>('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))'),
    );
    await page.close();
  }
  return median(taken);
}
