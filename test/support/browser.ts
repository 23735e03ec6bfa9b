/** Debian's Chromium, for looking at reports as a person would; what goes wrong in a page fails the test. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { paths } from '../../harness/host/paths.ts';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync', '--no-first-run'];

/** What tests of pages have from before the first of a suite until after its last. */
export interface Looking {
  readonly browser: Browser;
  /** A folder for pages. */
  readonly home: string;
}

/** In a suite. Its tests are skipped where Chromium is not installed; in CI that is a failure. */
export function lookAtPages(): Looking {
  let looking: Looking | undefined;
  before(async function () {
    if (!existsSync(CHROMIUM)) {
      if (process.env.CI === 'true') throw new Error('CI must have Chromium');
      this.skip();
    }
    looking = {
      browser: await chromium.launch({ executablePath: CHROMIUM, args: FLAGS }),
      home: mkdtempSync(join(tmpdir(), 'rig-pages-')),
    };
  });
  after(async () => {
    await looking?.browser.close();
    if (looking !== undefined) rmSync(looking.home, { recursive: true });
  });
  return {
    get browser() {
      return looking!.browser;
    },
    get home() {
      return looking!.home;
    },
  };
}

/** A page, and what has gone wrong in it. */
export async function openPage(
  browser: Browser,
  address: string,
  colorScheme: 'light' | 'dark' = 'light',
): Promise<{ page: Page; faults: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1200, height: 1000 }, colorScheme });
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('request', (request) => {
    const url = request.url();
    const isOurs = url.startsWith(address) || url.startsWith('data:') || url.startsWith(new URL(address).origin);
    if (!isOurs) faults.push(`it asked for ${url}`);
  });
  await page.goto(address);
  return { page, faults };
}

/** Keep a picture for a person to look at. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(paths.artifacts, { recursive: true });
  await page.screenshot({ path: join(paths.artifacts, `${name}.png`), fullPage: true });
}
