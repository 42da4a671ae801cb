import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MetricsRegistry } from '../../../lib/metrics/registry.js';
import { ExporterMetrics } from '../../../lib/exporters/push/exporter-metrics.js';
import type { PushExporterOptions } from '../../../lib/exporters/push/push.options.js';
import type { MetricsInterval } from '../../../lib/exporters/push/metrics-interval.js';
import { PushError, type PushRequest } from '../../../lib/exporters/push/push-destination.js';
import { PushExporter } from '../../../lib/exporters/push/push.exporter.js';
import { scalars } from '../../metrics/support.js';
import { unreachable } from '../../support/expectations.js';
import { type Delta, KeptLog, TestDestination, timerClock, useFakeTime } from './support.js';

beforeEach(useFakeTime);
afterEach(() => {
  jest.useRealTimers();
});

const never = (): Promise<never> => new Promise(() => undefined);
const down = (): Promise<never> => Promise.reject(new Error('connect ECONNREFUSED'));
const none = (): void => unreachable();
const broken = (): never => {
  throw new Error('disk full');
};
const refuse = (): Promise<never> => Promise.reject(new PushError('no such metric', 'drop'));

function exporting(
  options: PushExporterOptions = {},
  destination: TestDestination = new TestDestination(),
  random = 0,
) {
  const registry = new MetricsRegistry({ clock: timerClock });
  const log = new KeptLog();
  const metrics = new ExporterMetrics(registry);
  const dependencies = { clock: timerClock, logger: log, metrics, random: () => random };
  const exporter = new PushExporter(registry, destination, options, dependencies);
  const deals = registry.counter('deals_total', 'Deals.');
  const own = (name: string) => scalars(registry, `monitoring_exporter_${name}`)[0]?.value;
  return { registry, destination, exporter, deals, log, own };
}

const taken = (destination: TestDestination) =>
  destination.taken.filter(({ series }) => series === 'deals_total').map(({ delta }) => delta);

describe('flush()', () => {
  it.each([
    ['asks for a pause', () => Promise.reject(new PushError('slow down', 'retry', 600_000)), 600_000],
    ['accepts nothing', () => Promise.reject(new PushError('unknown key', 'stop')), 120_000],
    ['cannot be reached', down, 500],
  ] as const)(
    'sends nothing more for a while to a remote that %s, and loses nothing',
    async (_, fail, pauseMs) => {
      const { exporter, destination, deals } = exporting({}, new TestDestination(), 0.5);
      destination.answer = fail;
      for (let i = 0; i < 10; i++) {
        deals.inc();
        await exporter.flush();
      }
      expect(destination.attempts).toHaveLength(1);
      destination.answer = async () => undefined;
      await jest.advanceTimersByTimeAsync(pauseMs * 2);
      await exporter.flush();
      expect(taken(destination).reduce((sum, delta) => sum + delta, 0)).toBe(10);
      await exporter.shutdown();
    },
  );

  it('tries again at once if the remote is on this machine', async () => {
    const { exporter, destination, deals } = exporting(
      {},
      Object.assign(new TestDestination(), { local: true }),
    );
    destination.answer = down;
    deals.inc();
    await exporter.flush();
    await exporter.flush();
    expect(destination.attempts).toHaveLength(2);
    destination.answer = async () => undefined;
    await exporter.shutdown();
  });
});

describe('exportAll()', () => {
  it('sends the changes since the last export', async () => {
    const { exporter, destination, deals } = exporting();
    deals.inc(5);
    await exporter.exportAll();
    deals.inc(2);
    await exporter.exportAll();
    await exporter.exportAll();
    expect(taken(destination)).toEqual([5, 2]);
  });

  it('rejects with the failure and repeats the interval with the next export, in order and with its own time', async () => {
    const { exporter, destination, deals } = exporting();
    destination.answer = down;
    deals.inc(5);
    const first = Date.now();
    await expect(exporter.exportAll()).rejects.toThrow('connect ECONNREFUSED');
    jest.setSystemTime(first + 10_000);
    deals.inc(2);
    destination.answer = async () => undefined;
    await exporter.exportAll();
    expect(destination.taken.filter(({ series }) => series === 'deals_total')).toEqual([
      { series: 'deals_total', delta: 5, endedAt: first },
      { series: 'deals_total', delta: 2, endedAt: first + 10_000 },
    ]);
  });

  it('rejects with the rejection of the remote after sending everything else', async () => {
    const { exporter, destination, registry, deals, own } = exporting();
    const bad = registry.counter('bad_total', 'Bad.');
    destination.answer = async ({ series }) => (series === 'bad_total' ? refuse() : undefined);
    bad.inc();
    deals.inc(4);
    await expect(exporter.exportAll()).rejects.toThrow('no such metric');
    expect(taken(destination)).toEqual([4]);
    await exporter.exportAll();
    expect(own('dropped_points_total')).toBe(1);
  });

  it('waits for a push in flight and then sends the changes since', async () => {
    const { exporter, destination, deals } = exporting();
    let takeFirst = none;
    destination.answer = () => new Promise<void>((resolve) => (takeFirst = resolve));
    deals.inc(1);
    const first = exporter.exportAll();
    await jest.advanceTimersByTimeAsync(0);
    deals.inc(2);
    const second = exporter.exportAll();
    await jest.advanceTimersByTimeAsync(0);
    destination.answer = async () => undefined;
    takeFirst();
    await Promise.all([first, second]);
    expect(taken(destination)).toEqual([1, 2]);
  });

  it('opens the destination first, and again if that failed', async () => {
    const destination = new TestDestination();
    const open = jest.fn<() => Promise<void>>().mockRejectedValueOnce(new Error('install the package sdk'));
    const { exporter, deals } = exporting({}, Object.assign(destination, { open }));
    deals.inc();
    await expect(exporter.exportAll()).rejects.toThrow('install the package sdk');
    await exporter.exportAll();
    await exporter.exportAll();
    expect(open).toHaveBeenCalledTimes(2);
    expect(taken(destination)).toEqual([1]);
  });

  it('loses nothing when an interval cannot be encoded', async () => {
    const { exporter, destination, deals } = exporting();
    const encode = jest.spyOn(destination, 'encode').mockImplementationOnce(() => {
      throw new Error('no such unit');
    });
    deals.inc(3);
    await expect(exporter.exportAll()).rejects.toThrow('no such unit');
    deals.inc(4);
    await exporter.exportAll();
    expect(encode).toHaveBeenCalledTimes(2);
    expect(taken(destination)).toEqual([7]);
  });

  it('rejects after shutdown()', async () => {
    const { exporter, deals, destination } = exporting();
    deals.inc();
    await exporter.shutdown();
    await expect(exporter.exportAll()).rejects.toThrow('Exporter `test` has been shut down.');
    expect(destination.attempts).toEqual([]);
  });
});

const piece = (delta: number) => ({
  payload: { series: 'deals_total', delta, endedAt: 0 },
  bytes: 50,
  points: 0.5,
});

describe('a remote that returns smaller requests', () => {
  it('receives them next, in place of the large one', async () => {
    const { exporter, destination, deals, own } = exporting();
    destination.answer = async ({ delta }) => (delta > 3 ? [piece(3), piece(2)] : undefined);
    deals.inc(5);
    await exporter.exportAll();
    expect(taken(destination)).toEqual([3, 2]);
    expect(own('dropped_points_total')).toBe(0);
  });

  it.each([
    ['cannot be cut', []],
    ['does not become smaller', [{ payload: {}, bytes: 100, points: 1 }]],
  ])('loses only the request that %s', async (_, pieces) => {
    const { exporter, destination, deals, own, log } = exporting();
    destination.answer = async ({ series }) => (series === 'deals_total' ? pieces : undefined);
    deals.inc(5);
    await exporter.exportAll();
    expect([own('dropped_points_total'), own('queue_points')]).toEqual([1, 0]);
    expect(log.lines).toEqual([
      'warn: Exporter `test` dropped 1 data point: too large for the remote. Further drops are only counted.',
    ]);
  });
});

describe('a remote for which every request is too large', () => {
  it('gets a bounded number of requests, and what it does not accept is counted', async () => {
    const { exporter, destination, deals, own } = exporting();
    const half = (points: number) => ({ payload: {}, bytes: points, points });
    let sent = 0;
    let points = 1;
    destination.answer = async (payload) => {
      sent++;
      if (payload.series === 'deals_total') points = 1;
      points /= 2;
      return [half(points), half(points)];
    };
    deals.inc(5);
    await exporter.exportAll();
    expect(sent).toBeLessThanOrEqual(2 * 128 + 1);
    expect(own('dropped_points_total')).toBeCloseTo(1);
    expect(own('queue_points')).toBeCloseTo(0);
  });
});

describe('what happens while an interval is encoded', () => {
  it.each<[string, (exporter: PushExporter) => Promise<unknown>]>([
    ['shutdown()', (exporter) => exporter.shutdown()],
    ['exportAll()', (exporter) => exporter.exportAll()],
    ['flush()', (exporter) => exporter.flush()],
  ])('is part of the push of %s', async (_, push) => {
    const destination = new TestDestination();
    const encode = destination.encode.bind(destination);
    let release = none;
    const released = new Promise<void>((resolve) => (release = resolve));
    Object.assign(destination, {
      encode: async (interval: MetricsInterval) => {
        await released;
        return encode(interval);
      },
    });
    const { exporter, deals } = exporting({ intervalMs: 60_000 }, destination);
    exporter.start();
    deals.inc(1);
    await jest.advanceTimersByTimeAsync(60_000);
    deals.inc(10);
    const pushed = push(exporter);
    release();
    await pushed;
    expect(destination.sums).toEqual({ deals_total: 11 });
    await exporter.shutdown();
    expect(destination.sums).toEqual({ deals_total: 11 });
  });
});

describe('an exporter that has been started', () => {
  it('captures at multiples of the interval and sends after a delay of its own', async () => {
    const { exporter, destination, deals } = exporting({ intervalMs: 60_000 }, new TestDestination(), 0.5);
    deals.inc(1);
    const started = Date.now();
    exporter.start();
    await jest.advanceTimersByTimeAsync(29_999);
    expect(destination.intervals).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(destination.intervals).toMatchObject([{ endedAt: started + 30_000 }]);
    deals.inc(10);
    await jest.advanceTimersByTimeAsync(23_999);
    expect(destination.attempts).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(destination.taken).toContainEqual({
      series: 'deals_total',
      delta: 1,
      endedAt: started + 30_000,
    });
    await jest.advanceTimersByTimeAsync(60_000);
    expect(taken(destination)).toEqual([1, 10]);
    expect(destination.intervals.map(({ endedAt }) => endedAt - started)).toEqual([30_000, 90_000]);
    await exporter.shutdown();
  });

  it('sends without delay to a local destination', async () => {
    const destination = Object.assign(new TestDestination(), { local: true });
    const { exporter, deals } = exporting({}, destination, 0.9);
    deals.inc();
    exporter.start();
    await jest.advanceTimersByTimeAsync(30_000);
    expect(taken(destination)).toEqual([1]);
    await exporter.shutdown();
  });

  it('keeps every interval while the remote fails, retries with exponential backoff, and logs once', async () => {
    const { exporter, destination, deals, log, own } = exporting({ intervalMs: 10_000 });
    destination.answer = down;
    exporter.start();
    const started = Date.now();
    const attemptsAt: number[] = [];
    destination.answer = () => {
      attemptsAt.push((Date.now() - started) / 1000);
      return down();
    };
    deals.inc(1);
    await jest.advanceTimersByTimeAsync(10_000);
    deals.inc(2);
    await jest.advanceTimersByTimeAsync(10_000);
    deals.inc(4);
    await jest.advanceTimersByTimeAsync(20_000);
    // Without chance: half of 1, 2, 4, 8, 16 and 32 s.
    expect(attemptsAt).toEqual([10, 10.5, 11.5, 13.5, 17.5, 25.5]);
    expect(log.lines).toEqual(['warn: Exporter `test` failed (connect ECONNREFUSED); retrying in 0.5 s.']);
    expect([own('failures_total'), own('dropped_points_total')]).toEqual([6, 0]);
    expect(own('lag_seconds')).toBeGreaterThanOrEqual(10);
    destination.answer = async () => undefined;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(taken(destination)).toEqual([1, 2, 4]);
    expect(
      destination.taken
        .filter(({ series }) => series === 'deals_total')
        .map(({ endedAt }) => (endedAt - started) / 1000),
    ).toEqual([10, 20, 30]);
    expect([own('queue_points'), own('lag_seconds')]).toEqual([0, 0]);
    await exporter.shutdown();
  });

  it('honors the pause that the remote asks for', async () => {
    const { exporter, destination, deals } = exporting({ intervalMs: 10_000 });
    destination.answer = () => Promise.reject(new PushError('too many requests', 'retry', 7_000));
    deals.inc();
    exporter.start();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(destination.attempts).toHaveLength(1);
    destination.answer = async () => undefined;
    await jest.advanceTimersByTimeAsync(6_999);
    expect(destination.attempts).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(taken(destination)).toEqual([1]);
    await exporter.shutdown();
  });

  it('aborts a request that hangs, and keeps capturing meanwhile', async () => {
    const { exporter, destination, deals, own } = exporting({ intervalMs: 1_000, timeoutMs: 5_000 });
    destination.answer = never;
    exporter.start();
    deals.inc(1);
    await jest.advanceTimersByTimeAsync(4_999);
    expect(destination.intervals).toHaveLength(4);
    expect(destination.attempts).toHaveLength(1);
    expect(destination.signals[0]?.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(1_001);
    expect(destination.signals[0]?.aborted).toBe(true);
    expect(own('failures_total')).toBe(1);
    destination.answer = async () => undefined;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(destination.sums['deals_total']).toBe(1);
    await exporter.shutdown();
  });

  it('does not capture again while a collector is pending', async () => {
    const { exporter, destination, registry, deals } = exporting({ intervalMs: 1_000 });
    let runs = 0;
    registry.addCollector({
      name: 'slow',
      collect: () => {
        runs++;
        return new Promise((resolve) => setTimeout(resolve, 2_500));
      },
    });
    deals.inc();
    exporter.start();
    await jest.advanceTimersByTimeAsync(3_000);
    expect([runs, destination.intervals.length]).toEqual([1, 0]);
    await jest.advanceTimersByTimeAsync(500);
    expect(destination.intervals).toHaveLength(1);
    const ended = exporter.shutdown();
    await jest.advanceTimersByTimeAsync(5_000);
    await ended;
  });

  it('logs once that the remote rejects everything, and resumes by itself', async () => {
    const { exporter, destination, deals, log, own } = exporting({ intervalMs: 10_000 });
    destination.answer = () => Promise.reject(new PushError('403 Forbidden', 'stop'));
    deals.inc(3);
    exporter.start();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(destination.attempts).toHaveLength(1);
    expect(log.lines).toEqual([
      'error: Exporter `test` stopped: 403 Forbidden. It keeps data within the limits of its queue and retries every few minutes.',
    ]);
    expect([own('stopped'), own('queue_points'), own('failures_total')]).toEqual([1, 1, 1]);
    expect(exporter.stopReason).toBe('403 Forbidden');
    destination.answer = async () => undefined;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(taken(destination)).toEqual([3]);
    expect([own('stopped'), own('queue_points'), own('dropped_points_total')]).toEqual([0, 0, 0]);
    expect(exporter.stopReason).toBeUndefined();
    expect(log.lines.slice(1)).toEqual(['warn: Exporter `test` resumed: the remote accepts requests again.']);
    await exporter.shutdown();
  });

  it('retries a remote that rejects everything at most every 15 minutes', async () => {
    const { exporter, destination, deals } = exporting({ intervalMs: 10_000 }, undefined, 0.999_999);
    const attemptsAt: number[] = [];
    destination.answer = () => {
      attemptsAt.push(Math.round((Date.now() - startedAt) / 60_000));
      return Promise.reject(new PushError('403 Forbidden', 'stop'));
    };
    deals.inc();
    const startedAt = Date.now();
    exporter.start();
    await jest.advanceTimersByTimeAsync(70 * 60_000);
    expect(attemptsAt).toEqual([0, 2, 6, 14, 29, 44, 59]);
    await exporter.shutdown();
  });

  it('detects that only one request is rejected for its content, and drops it', async () => {
    const { exporter, destination, deals, registry, own } = exporting({ intervalMs: 10_000 });
    const suspicious = registry.counter('suspicious_total', 'What a firewall does not let through.');
    destination.answer = ({ series }) =>
      series === 'suspicious_total'
        ? Promise.reject(new PushError('403 by a firewall', 'stop'))
        : Promise.resolve(undefined);
    suspicious.inc();
    exporter.start();
    await jest.advanceTimersByTimeAsync(20_000);
    deals.inc(4);
    await jest.advanceTimersByTimeAsync(20_000);
    expect([own('stopped'), taken(destination)]).toEqual([1, []]);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(taken(destination)).toEqual([4]);
    expect([own('stopped'), own('dropped_points_total'), own('queue_points')]).toEqual([0, 1, 0]);
    await exporter.shutdown();
  });

  it('gives each request at shutdown its own time limit', async () => {
    const { exporter, destination, deals } = exporting({
      intervalMs: 10_000,
      timeoutMs: 4_000,
      shutdownTimeoutMs: 6_000,
    });
    const aborted: number[] = [];
    let answers = false;
    destination.answer = (_, signal) =>
      new Promise((resolve, reject) => {
        const began = Date.now();
        signal.addEventListener('abort', () => {
          aborted.push(Date.now() - began);
          reject(signal.reason as Error);
        });
        if (answers) setTimeout(resolve, 1_500, undefined);
      });
    deals.inc(3);
    exporter.start();
    await jest.advanceTimersByTimeAsync(13_900);
    // The request of 10 s is given up at 14 s, and sent again before the third of the shutdown timeout is over.
    answers = true;
    const ended = exporter.shutdown();
    await jest.advanceTimersByTimeAsync(10_000);
    await ended;
    expect(aborted[0]).toBeGreaterThan(3_500);
    expect(aborted).toHaveLength(1);
  });

  it('sends the last data to a remote that had rejected everything and then did not answer in time', async () => {
    const { exporter, destination, deals } = exporting({ intervalMs: 10_000 });
    destination.answer = () => Promise.reject(new PushError('403 Forbidden', 'stop'));
    deals.inc(3);
    exporter.start();
    await jest.advanceTimersByTimeAsync(11_000);
    expect(exporter.stopReason).toBe('403 Forbidden');
    destination.answer = never;
    void exporter.exportAll().catch(() => undefined);
    await jest.advanceTimersByTimeAsync(1);
    destination.answer = async () => undefined;
    const ended = exporter.shutdown();
    await jest.advanceTimersByTimeAsync(5_000);
    await ended;
    expect(taken(destination)).toEqual([3]);
  });

  it('says of a request that it gives up at shutdown why, and no time limit that it had not reached', async () => {
    const { exporter, destination, deals, log } = exporting({ intervalMs: 10_000, timeoutMs: 10_000 });
    destination.answer = () => new Promise(() => undefined);
    deals.inc(3);
    exporter.start();
    await jest.advanceTimersByTimeAsync(10_100);
    const ended = exporter.shutdown();
    await jest.advanceTimersByTimeAsync(6_000);
    await ended;
    expect(log.lines[0]).toContain('(no response before the application ended)');
  });

  it('tries once more at shutdown, and counts what is rejected then', async () => {
    const { exporter, destination, deals, own } = exporting({ intervalMs: 10_000 });
    destination.answer = () => Promise.reject(new PushError('403 Forbidden', 'stop'));
    deals.inc(3);
    exporter.start();
    await jest.advanceTimersByTimeAsync(20_000);
    deals.inc(2);
    const began = Date.now();
    await exporter.shutdown();
    expect(Date.now()).toBe(began);
    expect(own('dropped_points_total')).toBe(2);
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each([[3_000_000_000], [2 ** 31], [Infinity], [1e300], [NaN], [-5_000], ['3000000' as never]])(
    'is not delayed at shutdown by a remote that asks for a pause of %d ms',
    async (retryAfterMs) => {
      const { exporter, destination, deals } = exporting({ intervalMs: 10_000 });
      destination.answer = () => Promise.reject(new PushError('429', 'retry', retryAfterMs));
      deals.inc();
      exporter.start();
      const ended = exporter.shutdown();
      await jest.advanceTimersByTimeAsync(5_000);
      await ended;
      expect(destination.attempts.length).toBeLessThan(10);
      expect(jest.getTimerCount()).toBe(0);
    },
  );

  it.each([[3_000_000_000], [Infinity], [2 ** 31]])(
    'waits at most an hour, though the remote asks for a pause of %d ms',
    async (retryAfterMs) => {
      const { exporter, destination, deals } = exporting({ intervalMs: 60_000 });
      destination.answer = () => Promise.reject(new PushError('429', 'retry', retryAfterMs));
      deals.inc();
      exporter.start();
      await jest.advanceTimersByTimeAsync(59 * 60_000);
      expect(destination.attempts).toHaveLength(1);
      destination.answer = async () => undefined;
      await jest.advanceTimersByTimeAsync(2 * 60_000);
      expect(taken(destination)).toContain(1);
      await exporter.shutdown();
    },
  );

  it('never evicts the request in flight', async () => {
    const { exporter, destination, deals, own } = exporting({ intervalMs: 1_000, maxQueuedRequests: 2 });
    let take = none;
    destination.answer = () => new Promise<void>((resolve) => (take = resolve));
    exporter.start();
    for (let i = 0; i < 5; i++) {
      deals.inc(2 ** i);
      await jest.advanceTimersByTimeAsync(1_000);
    }
    destination.answer = async () => undefined;
    take();
    await jest.advanceTimersByTimeAsync(0);
    expect(taken(destination)).toEqual([1, 16]);
    expect(own('dropped_points_total')).toBe(3);
    await exporter.shutdown();
  });

  it('drops requests older than the remote accepts', async () => {
    const destination = Object.assign(new TestDestination(), { maxAgeMs: 25_000 });
    const { exporter, deals, own, log } = exporting({ intervalMs: 10_000 }, destination);
    destination.answer = down;
    deals.inc(1);
    exporter.start();
    await jest.advanceTimersByTimeAsync(10_000);
    deals.inc(2);
    await jest.advanceTimersByTimeAsync(29_000);
    destination.answer = async () => undefined;
    await exporter.exportAll();
    expect(taken(destination)).toEqual([2]);
    expect(own('dropped_points_total')).toBeGreaterThanOrEqual(1);
    expect(log.lines).toContainEqual(expect.stringContaining('older than the remote accepts'));
    await exporter.shutdown();
  });

  it.each<[string, PushExporterOptions]>([
    ['requests', { maxQueuedRequests: 3 }],
    ['bytes', { maxQueuedBytes: 350 }],
  ])('limits the %s in the queue: the oldest are dropped, and counted', async (_, limits) => {
    const { exporter, destination, deals, own, log } = exporting(limits);
    destination.answer = down;
    for (let i = 0; i < 10; i++) {
      deals.inc(2 ** i);
      await expect(exporter.exportAll()).rejects.toThrow('ECONNREFUSED');
    }
    expect([own('queue_points'), own('dropped_points_total')]).toEqual([3, 7]);
    destination.answer = async () => undefined;
    await exporter.exportAll();
    expect(taken(destination)).toEqual([128, 256, 512]);
    expect([own('queue_points'), own('dropped_points_total')]).toEqual([0, 7]);
    expect(log.lines).toContain(
      'warn: Exporter `test` dropped 1 data point: queue full. Further drops are only counted.',
    );
  });

  it('sends only the latest push to a destination that supersedes', async () => {
    const destination = Object.assign(new TestDestination(), { supersedes: true });
    const { exporter, deals, own } = exporting({ intervalMs: 10_000, timeoutMs: 15_000 }, destination);
    destination.encode = ({ endedAt, snapshot }) => {
      const total = [...snapshot.families.find(({ name }) => name === 'deals_total')!.series][0];
      const delta = total !== undefined && 'value' in total ? total.value : 0;
      return [{ payload: { series: 'deals_total', delta, endedAt }, bytes: 10, points: 1 }];
    };
    destination.answer = never;
    exporter.start();
    for (let i = 0; i < 5; i++) {
      deals.inc();
      await jest.advanceTimersByTimeAsync(10_000);
      expect(own('queue_points')).toBeLessThanOrEqual(2);
    }
    destination.answer = async () => undefined;
    await jest.advanceTimersByTimeAsync(20_000);
    expect(destination.taken.map(({ delta }) => delta)).toEqual(expect.arrayContaining([5]));
    expect(destination.taken.map(({ delta }) => delta)).not.toContain(1);
    expect(own('dropped_points_total')).toBe(0);
    await exporter.shutdown();
  });

  it('survives a logger that throws, a remote that throws at once, and one that rejects with nothing', async () => {
    const destination = new TestDestination();
    const registry = new MetricsRegistry({ clock: timerClock });
    const exporter = new PushExporter(
      registry,
      destination,
      { intervalMs: 1_000 },
      { clock: timerClock, logger: { warn: broken, error: broken }, random: () => 0 },
    );
    registry.counter('deals_total', 'Deals.').inc(3);
    destination.send = broken;
    exporter.start();
    await jest.advanceTimersByTimeAsync(2_000);
    destination.send = () => Promise.reject();
    await jest.advanceTimersByTimeAsync(10_000);
    destination.send = (request, signal) => TestDestination.prototype.send.call(destination, request, signal);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(destination.sums['deals_total']).toBe(3);
    await exporter.shutdown();
  });

  it('registers its single timer by name, without keeping the process alive', async () => {
    const { exporter } = exporting();
    const shown = new Map<string, NodeJS.Timeout>();
    exporter.start((name, timer) => {
      shown.set(name, timer);
      return () => shown.delete(name);
    });
    await jest.advanceTimersByTimeAsync(90_000);
    expect([...shown.keys()]).toEqual(['monitoring.exporter.test']);
    expect([...shown.values()].map((timer) => timer.hasRef())).toEqual([false]);
    expect(jest.getTimerCount()).toBe(1);
    await exporter.shutdown();
    expect([shown.size, jest.getTimerCount()]).toEqual([0, 0]);
  });
});

describe('shutdown()', () => {
  it('sends the changes since the last interval, exactly once', async () => {
    const { exporter, destination, deals } = exporting();
    deals.inc(1);
    exporter.start();
    await jest.advanceTimersByTimeAsync(30_000);
    deals.inc(2);
    const ends = [exporter.shutdown(), exporter.shutdown()];
    await jest.advanceTimersByTimeAsync(0);
    await Promise.all(ends);
    deals.inc(4);
    await exporter.shutdown();
    await jest.advanceTimersByTimeAsync(600_000);
    expect(taken(destination)).toEqual([1, 2]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('retries until the shutdown timeout', async () => {
    const { exporter, destination, deals } = exporting({ shutdownTimeoutMs: 5_000 });
    exporter.start();
    deals.inc(2);
    let attempts = 0;
    destination.answer = () => (++attempts < 3 ? down() : Promise.resolve());
    const ended = exporter.shutdown();
    await jest.advanceTimersByTimeAsync(5_000);
    await ended;
    expect(taken(destination)).toEqual([2]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each([
    ['fails', down],
    ['hangs', never],
  ])('ends within the shutdown timeout when the remote %s, and logs the loss', async (_, answer) => {
    const { exporter, destination, deals, log, own } = exporting({ shutdownTimeoutMs: 3_000 });
    exporter.start();
    deals.inc(2);
    destination.answer = answer;
    const begun = Date.now();
    const ended = exporter.shutdown().then(() => Date.now() - begun);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(await ended).toBe(3_000);
    expect(log.lines.at(-1)).toBe(
      'warn: Exporter `test` could not send the last 1 data point before the shutdown timeout; dropped.',
    );
    expect([own('dropped_points_total'), own('queue_points')]).toEqual([1, 0]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is not delayed by a collector, by open() or by close()', async () => {
    const destination = Object.assign(new TestDestination(), { open: never, close: never });
    const { exporter, registry, deals } = exporting({ shutdownTimeoutMs: 3_000 }, destination);
    registry.addCollector({ name: 'stuck', timeoutMs: 60_000, collect: never });
    deals.inc();
    exporter.start();
    const begun = Date.now();
    const ended = exporter.shutdown().then(() => Date.now() - begun);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(await ended).toBe(4_000);
    // The collector has its own time, which keeps no process alive.
    await jest.advanceTimersByTimeAsync(60_000);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('sends nothing for an exporter that was not started, and closes its destination', async () => {
    const close = jest.fn<() => Promise<void>>(() => Promise.reject(new Error('no')));
    const { exporter, destination, deals } = exporting({}, Object.assign(new TestDestination(), { close }));
    deals.inc();
    await exporter.shutdown();
    exporter.start();
    expect([destination.attempts.length, close.mock.calls.length, jest.getTimerCount()]).toEqual([0, 1, 0]);
  });
});

describe('a destination of the application', () => {
  const takers: [string, () => unknown][] = [
    ['a response', () => ({ status: 202 })],
    ['a text', () => 'ok'],
    ['true', () => true],
    ['null', () => null],
    ['a function', () => none],
    ['an array of one that is of no kind', () => Object.assign(Object.create(null), { length: 1 })],
  ];
  it.each(takers)('accepts a request by returning %s', async (_, answer) => {
    const { exporter, destination, deals, own } = exporting();
    destination.send = async (request) => {
      destination.attempts.push(request.payload as never);
      return answer() as never;
    };
    deals.inc(2);
    await exporter.exportAll();
    await exporter.exportAll();
    expect(destination.attempts).toHaveLength(1);
    expect([own('failures_total'), own('queue_points')]).toEqual([0, 0]);
  });

  const odd: [string, unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a text', 'no'],
    ['a symbol', Symbol('no')],
    ['an object that cannot be a text', Object.create(null)],
    ['an error whose message throws', Object.defineProperty(new Error('x'), 'message', { get: broken })],
    ['an error of a megabyte', new Error('x'.repeat(1e6))],
    ['a remedy that there is none of', Object.assign(new Error('x'), { remedy: 'explode' })],
  ];
  it.each(odd)('is retried after it has thrown %s', async (_, thrown) => {
    const { exporter, destination, deals, log, own } = exporting({ intervalMs: 10_000 });
    destination.answer = () => {
      throw thrown;
    };
    deals.inc(2);
    exporter.start();
    await jest.advanceTimersByTimeAsync(31_000);
    expect(own('failures_total')).toBeGreaterThan(1);
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]?.length).toBeLessThan(1_100);
    destination.answer = async () => undefined;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(taken(destination)).toContain(2);
    await exporter.shutdown();
  });

  it('may throw a PushError of another copy of this library', async () => {
    const { exporter, destination, deals, own } = exporting();
    destination.answer = () =>
      Promise.reject(Object.assign(new Error('no such metric'), { name: 'PushError', remedy: 'drop' }));
    deals.inc();
    await expect(exporter.exportAll()).rejects.toThrow('no such metric');
    expect(own('dropped_points_total')).toBe(1);
  });

  const sizes: [string, { bytes: number; points: number }][] = [
    ['NaN', { bytes: NaN, points: NaN }],
    ['less than nothing', { bytes: -1e9, points: -5 }],
    ['infinite', { bytes: Infinity, points: Infinity }],
    ['a text', { bytes: '1' as never, points: '1' as never }],
    ['another one each time', sizesThatChange()],
  ];
  it.each(sizes)('may return sizes that are %s: the queue stays bounded', async (_, size) => {
    const destination = new TestDestination();
    const { exporter, deals, own } = exporting({ intervalMs: 1_000, maxQueuedRequests: 3 }, destination);
    destination.encode = () => [
      Object.defineProperties({ payload: {} }, Object.getOwnPropertyDescriptors(size)) as never,
    ];
    destination.answer = down;
    exporter.start();
    for (let i = 0; i < 20; i++) {
      deals.inc();
      await jest.advanceTimersByTimeAsync(1_000);
    }
    expect(exporter['sender']['queue']['waiting'].length).toBeLessThanOrEqual(3);
    expect(own('queue_points')).toBeGreaterThanOrEqual(0);
    destination.answer = async () => undefined;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(own('queue_points')).toBe(0);
    await exporter.shutdown();
  });

  it.each([[undefined], [null], ['no'], [{}], [7]])(
    'that encodes %j instead of requests loses no changes',
    async (encoded) => {
      const { exporter, destination, deals, own } = exporting();
      const encode = destination.encode.bind(destination);
      destination.encode = () => encoded as never;
      deals.inc(2);
      await expect(exporter.exportAll()).rejects.toThrow('encode() of the destination must return an array');
      destination.encode = encode;
      await exporter.exportAll();
      expect(taken(destination)).toEqual([2]);
      expect(own('dropped_points_total')).toBe(0);
    },
  );

  it.each([[broken], [() => NaN], [() => 7], [() => -1], [() => undefined as never], [() => '' as never]])(
    'receives pushes in time, whatever the random numbers are: %s',
    async (random) => {
      const registry = new MetricsRegistry({ clock: timerClock });
      const destination = new TestDestination();
      const exporter = new PushExporter(
        registry,
        destination,
        { intervalMs: 10_000 },
        { clock: timerClock, random },
      );
      registry.counter('deals_total', 'Deals.').inc(2);
      exporter.start();
      await jest.advanceTimersByTimeAsync(40_000);
      expect(taken(destination)).toEqual([2]);
      await exporter.shutdown();
    },
  );

  it('receives a last push if hasSuccessor() throws', async () => {
    const registry = new MetricsRegistry({ clock: timerClock });
    const destination = new TestDestination();
    const exporter = new PushExporter(registry, destination, {}, { clock: timerClock, hasSuccessor: broken });
    registry.counter('deals_total', 'Deals.').inc(2);
    exporter.start();
    await exporter.shutdown();
    expect(taken(destination)).toEqual([2]);
  });
});

const requestOf = (payload: Delta[]): PushRequest => ({ payload, bytes: 10, points: payload.length });

describe('a request of which the remote rejects a part', () => {
  /** A destination with one request for everything, that refuses those with certain series. */
  class Whole extends TestDestination {
    readonly requests: Delta[][] = [];
    readonly told: Delta[] = [];

    constructor(private readonly refused: (delta: Delta) => boolean) {
      super();
    }

    override encode(interval: MetricsInterval): PushRequest[] {
      return [requestOf(super.encode(interval).map(({ payload }) => payload as Delta))];
    }

    split({ payload }: PushRequest): PushRequest[] {
      const deltas = payload as Delta[];
      const middle = Math.ceil(deltas.length / 2);
      return deltas.length < 2 ? [] : [requestOf(deltas.slice(0, middle)), requestOf(deltas.slice(middle))];
    }

    override async send({ payload }: PushRequest): Promise<void> {
      const deltas = payload as Delta[];
      this.requests.push(deltas);
      if (deltas.some(this.refused)) throw new PushError('no such metric', 'drop');
      this.told.push(...deltas);
    }
  }
  const cases: [string, (i: number) => boolean, number, number][] = [
    ['the first', (i) => i === 0, 1, 20],
    ['the last', (i) => i === 299, 1, 20],
    ['three', (i) => i % 100 === 7, 3, 56],
    ['none', () => false, 0, 1],
    ['all', () => true, 300, 65],
    ['every second', (i) => i % 2 === 0, 300, 65],
  ];
  it.each(cases)('loses only the rejected ones of 300: %s', async (_, isRefused, lost, requests) => {
    const destination = new Whole(({ series }) => isRefused(Number(series.split(' ')[1])));
    const { exporter, registry, own } = exporting({}, destination);
    const many = registry.counter('many_total', 'Many.', { labelNames: ['i'] });
    for (let i = 0; i < 300; i++) many.inc({ i: String(i) }, i + 1);
    await exporter.exportAll().catch(() => undefined);
    expect(destination.requests.length).toBeLessThanOrEqual(requests);
    expect(own('dropped_points_total')).toBeLessThanOrEqual(lost);
    expect(destination.told.length + (own('dropped_points_total') ?? NaN)).toBe(300);
    expect(new Set(destination.told.map(({ series }) => series)).size).toBe(destination.told.length);
    expect(own('queue_points')).toBe(0);
  });
});

function sizesThatChange(): { bytes: number; points: number } {
  let calls = 0;
  return {
    get bytes() {
      return calls++;
    },
    get points() {
      return calls++;
    },
  };
}
