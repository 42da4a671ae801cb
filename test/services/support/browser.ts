import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { requireBinary } from './binaries.js';

/** What a page did that it should not have done. */
export interface Offences {
  /** Errors and warnings on the console with their addresses, uncaught errors, and what the policy of the page forbade. */
  readonly console: string[];
  /** Addresses of other hosts that it asked for. */
  readonly foreign: string[];
}

/** How long a page may take for anything: on a busy machine, much longer than it takes. */
const PATIENCE_MS = 100_000;

/** Goes to another place of the dashboard, and waits until the page has left the one before. */
export async function goTo(page: Page, place: string): Promise<void> {
  const hash = JSON.stringify(`#/${place}`);
  await page.evaluate(`new Promise((resolve) => {
    if (location.hash === ${hash}) return resolve();
    addEventListener('hashchange', () => resolve(), { once: true });
    location.hash = ${hash};
  })`);
}

/** Debian's Chromium without a window, with an empty profile of its own. */
export class Browser {
  private constructor(
    private readonly context: BrowserContext,
    private readonly profile: string,
  ) {}

  static async start(): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), 'monitoring-browser-'));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: requireBinary('chromium'),
      headless: true,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    context.setDefaultTimeout(PATIENCE_MS);
    return new Browser(context, profile);
  }

  /** A new page, watched from the start. */
  async open(url: string): Promise<{ page: Page; offences: Offences }> {
    const page = await this.context.newPage();
    const offences: Offences = { console: [], foreign: [] };
    page.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type())) return;
      // The text alone does not say what could not be loaded.
      offences.console.push(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => offences.console.push(error.stack ?? String(error)));
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== new URL(url).origin) offences.foreign.push(request.url());
    });
    await page.goto(url);
    return { page, offences };
  }

  async stop(): Promise<void> {
    await this.context.close();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 3 });
  }
}
