import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type DynamicModule, Module } from '@nestjs/common';
import {
  AlertingMonitor,
  type MonitoringClock as Clock,
  MetricsHistory,
  type MonitoringOptions,
  MonitoringModule,
} from 'nestjs-monitoring';
import { systemClock } from 'nestjs-monitoring/metrics';
import { Gauge as PromClientGauge, Registry as PromClientRegistry } from 'prom-client';
import { ADAPTERS, createApp, eventually, type RunningApp, startApp } from '../e2e/fixture/start-app.js';
import { scalars } from '../metrics/support.js';
import { expectThat } from '../support/expectations.js';
import { FAULTY_PARTS, SoundHandler, WorkController } from './faulty-parts.js';

/** Long enough for a machine that does ten other things. */
const PATIENCE_MS = 45_000;
/** Several sampling intervals of the event loop delay. */
const FIRST_DELAY_SAMPLE_MS = 200;
const REQUESTS = 200;
const CLIENTS = 4;

/** A busy machine delays the event loop, which is a fault of its own. */
const HEALTH = { drainDelayMs: 0, builtIn: { eventLoop: false } } as const;

@Module({})
class FaultyModule {
  static with(options: MonitoringOptions = {}): DynamicModule {
    return {
      module: FaultyModule,
      imports: [MonitoringModule.forRoot({ health: HEALTH, ...options })],
      controllers: [WorkController],
      providers: FAULTY_PARTS,
    };
  }
}

@Module({})
class SoundModule {
  static with(options: MonitoringOptions = {}): DynamicModule {
    return {
      module: SoundModule,
      imports: [MonitoringModule.forRoot({ health: HEALTH, ...options })],
      controllers: [WorkController],
    };
  }
}

/** The clock of the machine, as somebody else may set it, and as time may pass. */
class SetClock implements Clock {
  offsetMs = 0;
  passedMs = 0;

  now(): number {
    return systemClock.now() + this.offsetMs;
  }

  monotonic(): number {
    return systemClock.monotonic() + this.passedMs;
  }
}

function fails(): never {
  throw new Error('out of order');
}

/** A registry of prom-client with a metric that cannot be collected. */
function brokenBridge(): PromClientRegistry {
  const register = new PromClientRegistry();
  const theirs = { name: 'theirs', help: 'Theirs.', registers: [], collect: fails };
  register.registerMetric(new PromClientGauge(theirs));
  return register;
}

async function work(app: RunningApp, requests = REQUESTS): Promise<void> {
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      for (let i = 0; i < requests / CLIENTS; i++) {
        const { status, body } = await app.get('/work');
        expect([status, body]).toEqual([200, 'done']);
      }
    }),
  );
}

async function counted(app: RunningApp, route: string): Promise<number> {
  const samples = await app.samples('http_requests_total');
  return samples.filter(({ labels }) => labels['route'] === route).reduce((sum, { value }) => sum + value, 0);
}

async function successOf(app: RunningApp): Promise<Record<string, number>> {
  const samples = await app.samples('monitoring_collector_success');
  return Object.fromEntries(samples.map(({ labels, value }) => [labels['collector'], value]));
}

describe.each(ADAPTERS)(
  'an application on %s with parts that throw, reject, hang, lie and leak',
  (adapter) => {
    const outcry: unknown[] = [];
    const cry = (error: unknown): void => void outcry.push(error);
    let running: RunningApp | undefined;

    beforeEach(() => {
      outcry.length = 0;
      process.on('unhandledRejection', cry);
      process.on('uncaughtException', cry);
    });

    afterEach(async () => {
      await running?.close();
      running = undefined;
      process.off('unhandledRejection', cry);
      process.off('uncaughtException', cry);
    });

    it('serves, counts exactly, and tells which parts are at fault', async () => {
      const app = (running = await startApp(
        adapter,
        FaultyModule.with({
          history: { intervalMs: 50 },
          alerting: {
            intervalMs: 50,
            rules: [
              {
                name: 'always',
                condition: { metric: 'sound_value', operator: '>', threshold: 0 },
                severity: 'warning',
                message: 'It is.',
                allowMissingMetric: true,
              },
            ],
          },
          exemplars: fails,
          bridges: { promClient: brokenBridge() },
          exporters: {
            json: { outputFile: '/dev/full', intervalMs: 100 },
            // No resolver has a name that ends like this: RFC 6761.
            otlp: { url: 'http://collector.invalid', intervalMs: 1_000, shutdownTimeoutMs: 500 },
            pushgateway: {
              url: 'http://127.0.0.1:1',
              jobName: 'faulty',
              intervalMs: 1_000,
              shutdownTimeoutMs: 500,
            },
          },
        }),
      ));
      await Promise.all([work(app), look(app)]);

      await eventually(async () => expect(await counted(app, '/work')).toBe(REQUESTS), PATIENCE_MS);
      expect(await successOf(app)).toMatchObject({
        throwing: 0,
        rejecting: 0,
        hanging: 0,
        sound: 1,
      });
      expect((await app.samples('sound_value')).length).toBe(1);
      // A leak ends in the one series for everything beyond the limit.
      expect((await app.samples('leaking_value')).length).toBeLessThanOrEqual(51);
      const dropped = await app.samples('monitoring_dropped_samples_total');
      expect(new Set(dropped.map(({ labels }) => labels['reason']))).toContain('not_a_number');

      const { checks } = JSON.parse((await app.get('/health')).body) as {
        checks: Record<string, { status: string }>;
      };
      for (const name of ['throwing', 'hanging', 'nonsense']) {
        expectThat(checks[name]?.status, name).toMatch(/^(degraded|unhealthy|critical)$/);
      }
      expect(checks['sound']?.status).toBe('healthy');
      expect((await app.get('/ready')).status).toBe(200);
      expect((await app.get('/alive')).status).toBe(200);

      const { told } = app.app.get(SoundHandler);
      // The machine may be busy, which is an alert as well.
      const ofTheRule = (): string[] => told.filter((alert) => alert.startsWith('always'));
      await eventually(() => expect(ofTheRule()).toEqual(['always firing']), PATIENCE_MS);
      expect(outcry).toEqual([]);
    }, 60_000);

    it('is closed in time, whatever still hangs, and however often it is asked to', async () => {
      const app = (running = await startApp(adapter, FaultyModule.with()));
      const scrape = app.get('/metrics').catch((error: unknown) => error);
      await sleep(20);
      const began = performance.now();
      await Promise.all([app.close(), app.close()]);
      expect(performance.now() - began).toBeLessThan(PATIENCE_MS);
      await scrape;
      expect(outcry).toEqual([]);
    }, 60_000);

    it('is closed before it has begun', async () => {
      const app = (running = await startApp(adapter, FaultyModule.with()));
      const never = await createApp(adapter, FaultyModule.with());
      await never.close();
      const inited = await createApp(adapter, FaultyModule.with());
      await inited.init();
      await inited.close();
      expect((await app.get('/work')).status).toBe(200);
      expect(outcry).toEqual([]);
    }, 60_000);
  },
);

/** Looks at everything that can be looked at, as Prometheus, Kubernetes and people do, a few times. */
async function look(app: RunningApp): Promise<void> {
  const paths = [
    '/metrics',
    '/health',
    '/ready',
    '/alive',
    '/metrics-dashboard',
    '/monitoring/api/v1/alerts',
  ];
  for (let times = 0; times < 3; times++) {
    const answers = await Promise.all(paths.map((path) => app.get(path)));
    expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200));
  }
}

describe.each(ADAPTERS)('an application on %s whose event loop stalls', (adapter) => {
  it('answers what waited, counts it with its time, and shows the stall', async () => {
    const clock = new SetClock();
    const app = await startApp(adapter, SoundModule.with({ clock }));
    try {
      // The first scrape ends the first window of the event loop, so that the stall is in the second one.
      await app.samples('nodejs_eventloop_lag_max_seconds');
      // Node measures from one sample to the next: a window begins with its first sample.
      await sleep(FIRST_DELAY_SAMPLE_MS);
      const stalled = app.get('/stall');
      await Promise.all([stalled, ...Array.from({ length: 10 }, () => app.get('/work'))]);
      await eventually(async () => expect(await counted(app, '/work')).toBe(10), PATIENCE_MS);
      const sums = await app.samples('http_request_duration_seconds_sum');
      const stall = sums.find(({ labels }) => labels['route'] === '/stall')?.value ?? 0;
      expect(stall).toBeGreaterThanOrEqual(1);
      // The next who asks is told of another stretch of time.
      clock.passedMs += 10_000;
      const [delay] = await app.samples('nodejs_eventloop_lag_max_seconds');
      expect(delay?.value).toBeGreaterThan(0.5);
      expect((await app.get('/alive')).status).toBe(200);
    } finally {
      await app.close();
    }
  }, 60_000);
});

describe.each([
  ['forward', 3_600_000],
  ['back', -3_600_000],
])('a clock that jumps an hour %s', (_direction, jumpMs) => {
  it.each(ADAPTERS)(
    'changes no count and no duration on %s, and rules go on to fire and to be over',
    async (adapter) => {
      const clock = new SetClock();
      const app = await startApp(
        adapter,
        SoundModule.with({
          clock,
          history: { intervalMs: 50 },
          alerting: {
            intervalMs: 50,
            rules: [
              {
                name: 'queue',
                condition: { metric: 'queue_length', operator: '>', threshold: 5 },
                severity: 'warning',
                message: 'Long.',
                allowMissingMetric: true,
              },
            ],
          },
        }),
      );
      try {
        const queue = app.registry.gauge('queue_length', 'Jobs that wait.');
        const isFiring = (): boolean =>
          app.app
            .get(AlertingMonitor)
            .alerts()
            .some(({ rule, state }) => rule === 'queue' && state === 'firing');
        queue.set(1);
        await work(app, 20);
        clock.offsetMs += jumpMs;
        await work(app, 20);
        queue.set(9);
        await eventually(() => expect(isFiring()).toBe(true), PATIENCE_MS);
        clock.offsetMs += jumpMs;
        queue.set(1);
        await eventually(() => expect(isFiring()).toBe(false), PATIENCE_MS);

        await eventually(async () => expect(await counted(app, '/work')).toBe(40), PATIENCE_MS);
        const [sum] = await app.samples('http_request_duration_seconds_sum');
        expect(sum?.value).toBeGreaterThan(0);
        expect(sum?.value).toBeLessThan(40 * 10);
        const history = app.app.get(MetricsHistory);
        const latest = history.last('queue_length');
        expect(latest).toEqual([{ labels: {}, value: 1 }]);
        expect((await app.get('/metrics-dashboard')).status).toBe(200);
        const rates = scalars(app.registry.snapshot(), 'api_requests_per_second');
        expect(rates.filter(({ value }) => !(value >= 0))).toEqual([]);
      } finally {
        await app.close();
      }
    },
    60_000,
  );
});
