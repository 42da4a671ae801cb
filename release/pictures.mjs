/**
 * Takes the pictures of README.md, docs/ and sample-app/README.md: the sample application with two of its incidents, in
 * Chromium. Needs `npm start` to have compiled it, and the program `chromium`.
 *
 *     npm run pictures                 # all of them, best on a machine that does nothing else
 *     npm run pictures diagnostics     # those of a name
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { ROOT } from './locked-packages.mjs';

const VIEW = { width: 1280, height: 1000 };
const START_MS = 120_000;
/** The time in which a page has everything that it shows. */
const SETTLE_MS = 4_000;

/** The pictures, by the incident that is going on: a place on the dashboard, and what is opened there. */
const PICTURES = {
  'failing-remote': [
    { file: 'overview.png', place: 'now' },
    { file: 'requests.png', place: 'routes/GET/%2Fapi%2Freports%2Frevenue' },
  ],
  'blocked-loop': [{ file: 'diagnostics.png', place: 'process/event-loop', opens: 'simulateRevenue' }],
};

const [only = ''] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), 'nestjs-monitoring-pictures-'));
const children = [];
let browser;
try {
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    viewport: VIEW,
  });
  for (const [incident, all] of Object.entries(PICTURES)) {
    const pictures = all.filter(({ file }) => file.includes(only));
    if (pictures.length === 0) continue;
    // Each in an application of its own, which has seen nothing else.
    const app = start(['sample-app/dist/main.js'], { PORT: '0' });
    const [, url] = await said(app, /(http:\/\/\S+)\/metrics-dashboard/);
    const load = start(['sample-app/dist/load.js', '--url', url, '--incident', incident, '--until-alert']);
    await said(load, /The cause: /);
    for (const { file, place, opens } of pictures) {
      const page = await browser.newPage();
      await page.goto(`${url}/metrics-dashboard#/${place}`);
      await sleep(SETTLE_MS);
      if (opens !== undefined) {
        const summary = page.locator('main summary', { hasText: opens }).first();
        await summary.click();
        await summary.evaluate((element) => element.scrollIntoView({ block: 'center' }));
      }
      await sleep(SETTLE_MS / 4);
      await page.screenshot({ path: join(ROOT, 'docs/images', file) });
      await page.close();
      console.log(`Took docs/images/${file} during ${incident}.`);
    }
    for (const child of [load, app]) child.kill('SIGKILL');
  }
} finally {
  for (const child of children) child.kill('SIGKILL');
  await browser?.close();
  rmSync(profile, { recursive: true, force: true });
}

function start(args, env = {}) {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

/** Waits until a program prints something, and returns the match. */
async function said(child, pattern) {
  const signal = AbortSignal.timeout(START_MS);
  let text = '';
  child.stdout.setEncoding('utf8');
  for (;;) {
    const [chunk] = await once(child.stdout, 'data', { signal });
    text += chunk;
    const match = pattern.exec(text);
    if (match !== null) {
      child.stdout.resume();
      return match;
    }
  }
}
