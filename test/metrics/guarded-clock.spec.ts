import { describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from 'nestjs-monitoring';
import { WITHOUT_COLLECTORS, FixtureModule } from '../e2e/fixture/fixture.module.js';
import { ADAPTERS, startApp, total } from '../e2e/fixture/start-app.js';
import { guardedClock } from '../../lib/metrics/guarded-clock.js';
import { systemClock, type Clock } from '../../lib/metrics/clock.js';
import { scalars } from './support.js';

const boom = (): never => {
  throw new Error('no time');
};

function falling(): Clock {
  let time = 1e9;
  return { now: () => Date.now(), monotonic: () => (time -= 1_000) };
}

/** Clocks as a test, a polyfill or a mistake makes them. */
const CLOCKS: readonly (readonly [string, () => Clock])[] = [
  ['throws', () => ({ now: boom, monotonic: boom })],
  ['answers NaN', () => ({ now: () => NaN, monotonic: () => NaN })],
  ['answers undefined', () => ({ now: () => undefined, monotonic: () => undefined }) as unknown as Clock],
  ['answers a bigint', () => ({ now: () => 1n, monotonic: () => 1n }) as unknown as Clock],
  ['answers an infinity', () => ({ now: () => Infinity, monotonic: () => Infinity })],
  ['answers a date', () => ({ now: () => new Date(), monotonic: () => new Date() }) as unknown as Clock],
  [
    'throws what cannot be shown',
    () => ({
      now() {
        throw Object.create(null);
      },
      monotonic() {
        throw Object.create(null);
      },
    }),
  ],
  ['goes backwards', falling],
];

describe.each(CLOCKS)('a clock that %s', (_, make) => {
  it.each(ADAPTERS)('does not affect the application, on %s', async (adapter) => {
    const app = await startApp(adapter, FixtureModule.with({ ...WITHOUT_COLLECTORS, clock: make() }));
    try {
      for (let i = 0; i < 3; i++) {
        expect((await fetch(`http://127.0.0.1:${app.port}/metrics`)).status).toBe(200);
        expect((await fetch(`http://127.0.0.1:${app.port}/nowhere`)).status).toBe(404);
      }
      const errors = scalars(app.registry, 'monitoring_callback_errors_total');
      expect(errors.map(({ labels }) => labels)).toEqual([{ callback: 'clock' }]);
      expect(total(app.registry, 'http_requests_total')).toBeGreaterThanOrEqual(3);
      const seconds = app.registry
        .snapshot()
        .families.find(({ name }) => name === 'http_request_duration_seconds');
      for (const series of seconds?.series ?? []) {
        const { sum } = series as { sum: number };
        expect(sum).toBeGreaterThanOrEqual(0);
        expect(sum).toBeLessThan(600);
      }
    } finally {
      await app.close();
    }
  });

  it('is logged once and counted', () => {
    const warnings: string[] = [];
    const registry = new MetricsRegistry({
      clock: make(),
      logger: { warn: (message) => warnings.push(message) },
    });
    const timer = registry.timer('work_seconds', 'Duration of the work.');
    for (let i = 0; i < 5; i++) expect(timer.time(() => 'done')).toBe('done');
    expect(warnings.filter((message) => message.includes('"clock"'))).toHaveLength(1);
    expect(timer.percentile(1)).toBeLessThan(600);
    expect(Number.isFinite(registry.snapshot().timestamp)).toBe(true);
  });
});

describe('a guarded clock', () => {
  it('is the system clock itself if that is given', () => {
    expect(guardedClock(systemClock)).toBe(systemClock);
  });

  it('continues from the last valid time when the clock fails', () => {
    let answer = 5_000;
    const clock = guardedClock({ now: () => 1, monotonic: () => answer });
    expect(clock.monotonic()).toBe(5_000);
    answer = NaN;
    const then = clock.monotonic();
    expect(then).toBe(5_000);
    answer = 1;
    expect(clock.monotonic()).toBeGreaterThanOrEqual(then);
    expect(clock.monotonic()).toBeLessThan(5_000 + 60_000);
  });

  it('follows a wall clock that is set back', () => {
    let answer = 2_000;
    const clock = guardedClock({ now: () => answer, monotonic: () => 0 });
    expect(clock.now()).toBe(2_000);
    answer = 1_000;
    expect(clock.now()).toBe(1_000);
  });
});
