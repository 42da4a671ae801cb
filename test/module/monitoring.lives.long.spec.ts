import type { Server } from 'node:http';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { FixtureModule } from '../e2e/fixture/fixture.module.js';
import { ADAPTERS, type AdapterName, eventually, startApp, total } from '../e2e/fixture/start-app.js';
import { bytesInUse, leastGrowth } from '../metrics/support.js';
import { listenersOfProcess, spyOnWatchers } from './watchers.js';

/** Of each life: Nest itself keeps a little of every application; a registry that is kept has 100 kB. */
const MOST_BYTES = 60_000;

describe('an application that ends leaves nothing behind', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each(ADAPTERS)(
    'that listens or keeps the process alive, after fifty lives on %s',
    async (adapter) => {
      const watchers = spyOnWatchers();
      await live(adapter);
      const before = { listeners: listenersOfProcess(), resources: await settledResources() };
      const servers: number[] = [];
      for (let i = 0; i < 50; i++) servers.push((await live(adapter)).listenerCount('request'));

      expect({ listeners: listenersOfProcess(), resources: await settledResources() }).toEqual(before);
      // The framework has one listener of its own.
      expect(Math.max(...servers)).toBeLessThanOrEqual(1);
      // Of the event loop and of garbage collections, and of the event loop once more if its health was asked for.
      expect(watchers.started()).toBeGreaterThanOrEqual(51 * 2);
      expect(watchers.stopped()).toBe(watchers.started());
    },
    120_000,
  );

  it.each(ADAPTERS)(
    'in memory, after twenty lives on %s',
    async (adapter) => {
      const growth = await leastGrowth(async () => {
        for (let i = 0; i < 20; i++) await live(adapter);
      }, 20 * MOST_BYTES);

      expect(growth / 20).toBeLessThan(MOST_BYTES);
    },
    120_000,
  );
});

/** From start to end, with a request in between. */
async function live(adapter: AdapterName): Promise<Server> {
  const app = await startApp(adapter, FixtureModule.with());
  await app.get('/ok');
  expect((await app.get('/metrics')).status).toBe(200);
  await eventually(() => expect(total(app.registry, 'http_requests_total')).toBe(1));
  await app.close();
  return app.app.getHttpServer() as Server;
}

/** What keeps the process alive, once everything that is closing or out of use is gone. */
async function settledResources(): Promise<string[]> {
  bytesInUse();
  let resources: string[] = [];
  let quietRounds = 0;
  await eventually(() => {
    const now = process
      .getActiveResourcesInfo()
      .filter((name) => name !== 'Immediate')
      .toSorted();
    quietRounds = now.length === resources.length ? quietRounds + 1 : 0;
    resources = now;
    expect(quietRounds).toBeGreaterThan(5);
  });
  return resources.filter((name) => name !== 'Timeout');
}
