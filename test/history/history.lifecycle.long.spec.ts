import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { MetricsHistory, MetricsRegistry } from 'nestjs-monitoring';
import { type SnapshotOptions } from 'nestjs-monitoring/metrics';
import { HistoryStore } from '../../lib/history/history-store.js';
import { HistorySampler } from '../../lib/history/history-sampler.js';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { ADAPTERS, createApp, eventually } from '../e2e/fixture/start-app.js';
import { scalars, testRegistry } from '../metrics/support.js';
import { useFakeTimers } from '../support/fake-timers.js';
import { MINUTE } from './support.js';

describe.each(ADAPTERS)('the history in an application on %s', (adapter) => {
  let app: INestApplication | undefined;

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  async function start(history: { intervalMs: number }, enabled = true): Promise<INestApplication> {
    const imports = [ScheduleModule.forRoot()];
    app = await createApp(
      adapter,
      FixtureModule.with({ ...WITHOUT_COLLECTORS, history, enabled }, { imports }),
    );
    return app;
  }

  const listeners: readonly (readonly [string, () => unknown])[] = [
    ['throws', () => thrown(new Error('as planned'))],
    ['throws nothing', () => thrown(undefined)],
    ['throws what has no text', () => thrown(Object.create(null))],
    ['rejects', () => Promise.reject(new Error('as planned'))],
    ['rejects later', () => new Promise((_, reject) => setImmediate(() => reject(new Error('late'))))],
    ['returns a thenable that rejects', () => ({ then: (_: unknown, no: (e: unknown) => void) => no(1) })],
    ['returns an object whose then throws', () => ({ then: () => thrown(new Error('then')) })],
  ];

  it.each(listeners)('calls the other listeners if one %s', async (_, listener) => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    try {
      const running = await start({ intervalMs: 15_000 });
      await running.init();
      const history = running.get(MetricsHistory);
      const registry = running.get(MetricsRegistry);
      const warn = jest.spyOn(registry, 'warn');
      history.retain({ metric: 'monitoring_history_bytes' });
      const heard: number[] = [];
      history.onSample(listener);
      history.onSample((timestamp) => heard.push(timestamp));
      const sampler = running.get(HistorySampler);
      await sampler.sampleNow();
      const first = heard.length;
      await eventually(async () => {
        await sampler.sampleNow();
        expect(heard.length).toBeGreaterThan(first);
      });
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      expect(unhandled).not.toHaveBeenCalled();
      const errors = scalars(registry, 'monitoring_callback_errors_total');
      expect(errors.map(({ labels }) => labels)).toEqual([{ callback: 'history.onSample' }]);
      expect(warn.mock.calls.filter(([text]) => text.includes('history.onSample'))).toHaveLength(1);
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });

  it('samples from start to shutdown, registers its timer and has metrics about itself', async () => {
    const running = await start({ intervalMs: 5 });
    const registry = running.get(MetricsRegistry);
    const history = running.get(MetricsHistory);
    registry.gauge('active_users', 'Users.').set(42);
    history.retain({ metric: 'active_users' });
    expect(history.lastSample).toBeUndefined();
    await running.init();
    await eventually(() => expect(history.timestamps('active_users').length).toBeGreaterThan(2));
    expect(history.last('active_users')).toEqual([{ labels: {}, value: 42 }]);
    const scheduler = running.get(SchedulerRegistry);
    expect(scheduler.getIntervals()).toContain('monitoring.history');
    const snapshot = await registry.collect();
    expect(scalars(snapshot, 'monitoring_history_bytes')[0]?.value).toBeGreaterThan(0);
    expect(scalars(snapshot, 'monitoring_history_series')[0]?.value).toBeGreaterThanOrEqual(1);
    expect(scalars(snapshot, 'monitoring_history_dropped_samples_total')).toHaveLength(1);
    await running.close();
    expect(scheduler.getIntervals()).not.toContain('monitoring.history');
    const last = history.lastSample;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(history.lastSample).toBe(last);
  });

  it('has no timer if monitoring is disabled', async () => {
    const running = await start({ intervalMs: 5 }, false);
    running.get(MetricsHistory).retain({ metric: 'active_users' });
    await running.init();
    expect(running.get(SchedulerRegistry).getIntervals()).not.toContain('monitoring.history');
  });
});

describe('the history sampler', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('never overlaps its runs, does nothing without a request and clears its timer', async () => {
    useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
    const { registry } = testRegistry();
    const history = new HistoryStore({ intervalMs: 1_000, retentionMs: MINUTE, maxBytes: 1_000_000 });
    let asked = 0;
    let answer: (() => void) | undefined;
    const collect: MetricsRegistry['collect'] = (options) => {
      asked++;
      return new Promise((resolve) => {
        answer = () => resolve(registry.snapshot(options));
      });
    };
    const source = { collect, snapshot: (options?: SnapshotOptions) => registry.snapshot(options) };
    const sampler = new HistorySampler(history, source, { report: () => undefined });
    sampler.start();
    await jest.advanceTimersByTimeAsync(3_000);
    expect(asked).toBe(0);
    history.retain({ metric: 'monitoring_series_overflow_total' });
    await jest.advanceTimersByTimeAsync(5_000);
    expect(asked).toBe(1);
    answer?.();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(asked).toBe(2);
    expect(history.lastSample).toBeDefined();
    const stopped = sampler.stop();
    answer?.();
    await stopped;
    expect(jest.getTimerCount()).toBe(0);
  });

  it('does not keep the process alive while a collector hangs, except while the application ends', async () => {
    useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
    const { registry } = testRegistry();
    registry.addCollector({ name: 'hangs', metricNames: [], collect: () => new Promise(() => undefined) });
    const history = new HistoryStore({ intervalMs: 1_000, retentionMs: MINUTE, maxBytes: 1_000_000 });
    history.retain({ metric: 'monitoring_series_overflow_total' });
    const timeout = jest.spyOn(globalThis, 'setTimeout');
    const areRefed = (): boolean[] =>
      timeout.mock.results.map(({ value }: { value: unknown }) => (value as NodeJS.Timeout).hasRef());
    const sampler = new HistorySampler(history, registry, { report: () => undefined });
    expect(sampler.start().hasRef()).toBe(false);
    expect(areRefed()).toEqual([false, false]);
    const stopped = sampler.stop();
    expect(areRefed()).toEqual([false, false, true]);
    await jest.advanceTimersByTimeAsync(1_000);
    await stopped;
  });
});

function thrown(error: unknown): never {
  throw error;
}
