import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { leastGrowth } from '../metrics/support.js';
import { FixtureModule, WITHOUT_COLLECTORS } from './fixture/fixture.module.js';
import { head, RawConnection } from './fixture/http-client.js';
import {
  ADAPTERS,
  eventually,
  inProgress,
  type RunningApp,
  seriesOf,
  startApp,
  total,
} from './fixture/start-app.js';

/** For each request. */
const MOST_BYTES = 1_500;

describe.each(ADAPTERS)('request metrics of thousands of requests on %s', (adapter) => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS));
  });
  beforeEach(() => app.registry.resetAll());
  afterAll(() => app.close());

  it('keep nothing of the requests that a connection has carried and still is open', async () => {
    const connections: RawConnection[] = [];
    const growth = await leastGrowth(async () => {
      const connection = new RawConnection(app.port);
      connections.push(connection);
      connection.send(head('GET', '/ok').repeat(1_000));
      const sent = connections.length * 1_000;
      await eventually(() => expect(total(app.registry, 'http_requests_total')).toBe(sent));
    }, 1_000 * MOST_BYTES);

    expect(growth / 1_000).toBeLessThan(MOST_BYTES);
    for (const connection of connections) connection.destroy();
  });

  it('have one route for ten thousand URLs that nobody serves', async () => {
    const connection = new RawConnection(app.port);
    const urls = Array.from({ length: 10_000 }, (_, i) => randomUrl(i));
    for (let at = 0; at < urls.length; at += 500) {
      connection.send(
        urls
          .slice(at, at + 500)
          .map((url) => head('GET', url))
          .join(''),
      );
      await eventually(() => expect(total(app.registry, 'http_requests_total')).toBe(at + 500), 10_000);
    }
    connection.destroy();

    const labels = seriesOf(app.registry, 'http_requests_total').map((series) => series.labels);
    expect(new Set(labels.map(({ route }) => route))).toEqual(new Set(['<unmatched>']));
    expect(labels.length).toBeLessThanOrEqual(2);
    expect(inProgress(app.registry)).toBe(0);
  });
});

/** A URL as scanners try them, the same for the same number. */
function randomUrl(i: number): string {
  const hash = createHash('sha1').update(String(i)).digest('hex');
  const part = hash.slice(0, 10);
  const shapes = [
    `/${part}`,
    `/${part}/${hash.slice(10, 20)}?token=${part}`,
    `/wp-admin/${part}.php`,
    `/ok/${part}`,
    `/users/${part}/orders`,
    `/%F0%9F%92%A9${part}`,
    `/${part}%`,
    `//${part}//..;/`,
  ];
  return shapes[i % shapes.length] ?? '/';
}
