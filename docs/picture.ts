/** `make picture`: the README's picture of the reported deadlock, taken from the tool's own page: PAGE PICTURE. */
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [page = '', picture = ''] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const tab = await browser.newPage({ viewport: { width: 1000, height: 800 }, deviceScaleFactor: 1.5 });
await tab.goto(pathToFileURL(page).href);
await tab.getByRole('button', { name: 'All', exact: true }).click();
// The words stand in the README beside it.
await tab.addStyleTag({
  content: `h1, .about, .controls, .legend, .verdict, table, details, .steps, .filters, section p, section ~ h2, [data-part="overview"] { display: none }
    h2 { margin: 0.2rem 0 } [data-part="detail"] { border: none } body { padding: 0.5rem }`,
});
await tab.locator('body').screenshot({ path: picture });
await browser.close();
