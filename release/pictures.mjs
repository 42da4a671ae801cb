/**
 * Takes the pictures of the manual anew, of the sample application, which has to run on a machine with little else to do.
 * Needs Chromium. They are larger than they may be in the manual (test/documents/links.spec.ts) until they have a palette, as
 * `pngquant` makes it.
 *
 *     npm start
 *     node release/pictures.mjs http://127.0.0.1:3000
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { ROOT } from './locked-packages.mjs';

const [url = 'http://127.0.0.1:3000'] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-lcd-text'],
});

await incident('blocked-loop');
await picture('diagnostics', 'process/event-loop?range=300000', 900, async (page) => {
  const block = page.locator('.entry', { hasText: 'simulateRevenue' }).first();
  await block.locator('summary').first().click();
  await block.locator('.flame').first().waitFor();
  await block.evaluate((node) => scrollTo(0, node.getBoundingClientRect().top + scrollY - 120));
});
await incident('failing-remote');
await picture('overview', 'now?range=300000', 1_030);
await picture('requests', `routes/GET/${encodeURIComponent('/api/reports/revenue')}?range=300000`, 960);
await browser.close();

/** Lets something go wrong until its alert fires. */
async function incident(name) {
  const load = ['sample-app/dist/load.js', '--incident', name, '--until-alert', '--seed', '7', '--url', url];
  execFileSync(process.execPath, load, { cwd: ROOT, stdio: 'inherit' });
}

async function picture(name, place, height, prepare = async () => undefined) {
  const page = await browser.newPage({ viewport: { width: 1280, height }, colorScheme: 'light' });
  await page.goto(`${url}/metrics-dashboard#/${place}`);
  await page.locator('main canvas').first().waitFor();
  await prepare(page);
  await page.screenshot({ path: join(ROOT, `docs/images/${name}.png`) });
  await page.close();
}
