import { once } from 'node:events';
import { connect } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Param, ParseIntPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { MetricsRegistry } from 'nestjs-monitoring';
import { type HistogramSeriesSnapshot } from 'nestjs-monitoring/metrics';
import { FixtureModule, WITHOUT_COLLECTORS } from '../../e2e/fixture/fixture.module.js';
import {
  ADAPTERS,
  eventually,
  inProgress,
  type RunningApp,
  seriesOf,
  startApp,
} from '../../e2e/fixture/start-app.js';
import { FakeClock } from '../../metrics/support.js';

/** Its handler takes as long as it is told, by the clock of the test. */
@Controller()
class ClockworkController {
  constructor(@Inject('clock') private readonly clock: FakeClock) {}

  @Get('takes/:ms')
  takes(@Param('ms', ParseIntPipe) ms: number): object {
    this.clock.advance(ms);
    return {};
  }
}

describe.each(ADAPTERS)('the duration of a request on %s', (adapter) => {
  async function having(use: (app: RunningApp) => Promise<void>): Promise<void> {
    const clock = new FakeClock();
    const module = FixtureModule.with(
      { ...WITHOUT_COLLECTORS, clock, http: { slowRequestThresholdMs: 200 } },
      { controllers: [ClockworkController], providers: [{ provide: 'clock', useValue: clock }] },
    );
    const app = await startApp(adapter, module);
    await use(app);
    await app.close();
  }

  it('lasts from its arrival to the end of its response, in seconds', async () => {
    await having(async (app) => {
      await app.get('/takes/0');
      await app.get('/takes/240');
      await app.get('/takes/60000');
      await app.recorded(3);

      const [series] = durationsOf(app.registry);
      expect(series).toMatchObject({ count: 3, min: 0, max: 60 });
      expect(series?.sum).toBeCloseTo(60.24, 10);
      const counts = series?.buckets.filter(({ upperBound }) =>
        [0.005, 0.25, 10, Infinity].includes(upperBound),
      );
      expect(counts?.map(({ count }) => count)).toEqual([1, 2, 2, 3]);
    });
  });

  it('says in its help where it begins, since the wait in the socket before that cannot be seen', async () => {
    await having(async (app) => {
      await app.get('/takes/0');
      const { body } = await app.get('/metrics');
      expect(body).toContain(
        '# HELP http_request_duration_seconds Time from the parsed head of an HTTP request',
      );
    });
  });

  it('counts as slow above the threshold, not at the threshold', async () => {
    await having(async (app) => {
      await app.get('/takes/200');
      expect((await app.recorded()).slow).toEqual([]);
      await app.get('/takes/201');
      expect((await app.recorded(2)).slow).toEqual(['GET /takes/:ms 200']);
    });
  });
});

describe('requests over HTTP/2', () => {
  it('are counted by route, and as 499 when the client resets their stream', async () => {
    const nest = await NestFactory.create(
      FixtureModule.with(WITHOUT_COLLECTORS),
      new FastifyAdapter({ http2: true }),
      { logger: false, abortOnError: false, forceCloseConnections: true },
    );
    await nest.listen(0, '127.0.0.1');
    const registry = nest.get(MetricsRegistry);
    const session = connect(
      `http://127.0.0.1:${((nest.getHttpServer() as Server).address() as AddressInfo).port}`,
    );
    for (const path of ['/users/5?secret=1', '/no/such', '/broken']) {
      const stream = session.request({ ':path': path });
      stream.resume();
      await once(stream, 'end');
    }
    const given = session.request({ ':path': '/slow/5000' });
    await eventually(() => expect(inProgress(registry)).toBe(1));
    given.close();

    await eventually(() => expect(seriesOf(registry, 'http_requests_total')).toHaveLength(4));
    expect(seriesOf(registry, 'http_requests_total').map(({ labels }) => labels)).toEqual([
      { method: 'GET', route: '/users/:id', status_code: '200' },
      { method: 'GET', route: '<unmatched>', status_code: '404' },
      { method: 'GET', route: '/broken', status_code: '500' },
      { method: 'GET', route: '/slow/:ms', status_code: '499' },
    ]);
    expect(inProgress(registry)).toBe(0);
    session.destroy();
    await nest.close();
  });
});

function durationsOf(registry: MetricsRegistry): HistogramSeriesSnapshot[] {
  const { families } = registry.snapshot();
  const family = families.find(({ name }) => name === 'http_request_duration_seconds');
  return family?.type === 'histogram' ? [...family.series] : [];
}
