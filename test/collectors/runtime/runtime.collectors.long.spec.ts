import { openSync, closeSync, readFileSync, readdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { channel } from 'node:diagnostics_channel';
import { createServer } from 'node:net';
import { pbkdf2 } from 'node:crypto';
import { PerformanceObserver } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from '@jest/globals';
import { collectDefaultMetrics, Registry as PromClientRegistry } from 'prom-client';
import { GcPressure } from '../../../lib/collectors/runtime/gc-pressure.js';
import { RunningCollectors } from '../../../lib/collectors/running-collectors.js';
import { runtimeCollectors } from '../../../lib/collectors/runtime/runtime.collectors.js';
import { type ResolvedRuntime, resolveRuntime } from '../../../lib/collectors/runtime/runtime.options.js';
import { SeriesCountCollector } from '../../../lib/collectors/series-count.collector.js';
import { ThreadPoolCollector } from '../../../lib/collectors/runtime/thread-pool.collector.js';
import { WorkerThreadsCollector } from '../../../lib/collectors/runtime/worker-threads.collector.js';
import { EventLoopMonitor } from '../../../lib/primitives/event-loop-monitor.js';
import { histograms, scalars, type TestRegistry, testRegistry } from '../../metrics/support.js';
import { itOnLinux } from '../../support/on-linux.js';
import { eventually } from '../../support/eventually.js';

const stops: (() => void)[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** The runtime collectors in a registry, started and collected once. */
async function running(): Promise<TestRegistry> {
  const given = testRegistry();
  stops.push(start(given));
  await given.registry.collect();
  return given;
}

/** @returns how to stop the collectors */
function start({ registry, clock }: TestRegistry): () => void {
  const collectors = new RunningCollectors(registry, clock);
  const eventLoop = new EventLoopMonitor(() => clock.monotonic());
  for (const collector of runtimeCollectors(registry, clock, allParts(), eventLoop)) {
    collectors.add(collector);
  }
  collectors.startSchedules();
  return () => collectors.stop();
}

function allParts(): ResolvedRuntime {
  const schedules = resolveRuntime();
  if (schedules === false) throw new Error('the runtime is measured by default');
  return schedules;
}

/** The value of a metric without labels. */
function value({ registry }: TestRegistry, name: string): number {
  return scalars(registry, name)[0]?.value ?? NaN;
}

function statusKib(line: string): number {
  return Number(new RegExp(`^${line}:\\s*(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

describe('the process collector', () => {
  it('counts the CPU time that Node reports, and never decreases', async () => {
    const given = await running();
    const before = process.cpuUsage();
    for (const until = performance.now() + 60; performance.now() < until;);
    await given.registry.collect();
    const after = process.cpuUsage();
    expect(value(given, 'process_cpu_user_seconds_total')).toBeGreaterThan((before.user - 1) / 1e6);
    // A counter adds up what Node reports in microseconds.
    expect(value(given, 'process_cpu_user_seconds_total')).toBeLessThan((after.user + 1) / 1e6);
    expect(value(given, 'process_cpu_seconds_total')).toBeCloseTo(
      value(given, 'process_cpu_user_seconds_total') + value(given, 'process_cpu_system_seconds_total'),
      9,
    );
  });

  it('shows the start time of the process', async () => {
    const startedAt = Date.now() / 1000 - process.uptime();
    expect(Math.abs(value(await running(), 'process_start_time_seconds') - startedAt)).toBeLessThan(2);
  });

  itOnLinux('shows the memory and threads in /proc', async () => {
    const given = await running();
    // A collection of garbage, or a thread that Node starts, may come between the two looks.
    await eventually(async () => {
      await given.registry.collect();
      for (const [name, line] of [
        ['process_resident_memory_bytes', 'VmRSS'],
        ['process_virtual_memory_bytes', 'VmSize'],
        ['process_heap_bytes', 'VmData'],
      ] as const) {
        const expected = statusKib(line) * 1024;
        expect(Math.abs(value(given, name) - expected) / expected).toBeLessThan(0.1);
      }
      expect(value(given, 'process_threads')).toBe(statusKib('Threads'));
    });
  });

  itOnLinux('counts the files that are open', async () => {
    const given = await running();
    // A connection of another test may be closed meanwhile.
    await eventually(async () => {
      await given.registry.collect();
      const before = value(given, 'process_open_fds');
      const opened = [1, 2, 3].map(() => openSync('/dev/null', 'r'));
      await given.registry.collect();
      opened.forEach(closeSync);
      expect(value(given, 'process_open_fds') - before).toBe(3);
      expect(value(given, 'process_open_fds') - 3).toBe(readdirSync('/proc/self/fd').length - 1);
      expect(value(given, 'process_max_fds')).toBeGreaterThan(before);
    });
  });
});

describe('the event loop collector', () => {
  const busy = (ms: number): void => {
    for (const until = performance.now() + ms; performance.now() < until;);
  };
  /** Waits until Node has looked at the event loop so many times. */
  const looks = (count: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, (count + 0.5) * 50));

  it.each<[string, readonly (() => unknown)[]]>([
    ['one that computes', [() => busy(60)]],
    ['several that compute', [() => busy(20), () => busy(20), () => busy(20)]],
    [
      'one that computes, waits and computes',
      [
        async () => {
          busy(30);
          await new Promise((resolve) => setImmediate(resolve));
          busy(30);
        },
      ],
    ],
    [
      'one that fails late',
      [
        () => {
          busy(60);
          throw new Error('as planned');
        },
      ],
    ],
    [
      'one that rejects late',
      [
        async () => {
          busy(60);
          await Promise.reject(new Error('as planned'));
        },
      ],
    ],
  ])('does not count the duration of other collectors as lag: %s', async (_, others) => {
    const given = await running();
    others.forEach((collect, i) =>
      given.registry.addCollector({
        name: `slow_${i}`,
        collect: async () => {
          await collect();
        },
      }),
    );
    // Node itself may be late on a machine that is busy, yet not in each scrape as late as these collectors are slow.
    await eventually(async () => {
      given.clock.advance(10_000);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await given.registry.collect();
      expect(value(given, 'nodejs_eventloop_lag_seconds')).toBeLessThan(0.03);
    });
  });

  it('shows a blocked event loop, without the sampling interval of Node', async () => {
    const given = await running();
    // A busy machine may be late with each look of a window, yet not of all windows. Each collection closes one.
    await eventually(async () => {
      given.clock.advance(10_000);
      await looks(2);
      busy(200);
      await looks(2);
      await given.registry.collect();
      // Node looks every 50 ms: the block is seen from the look after its beginning on.
      expect(value(given, 'nodejs_eventloop_lag_max_seconds')).toBeGreaterThan(0.14);
      // Half of the looks at least: after one that is late, the next may come within less than the interval.
      expect(value(given, 'nodejs_eventloop_lag_p50_seconds')).toBeLessThan(0.03);
      expect(value(given, 'nodejs_eventloop_utilization_ratio')).toBeGreaterThan(0.3);
    });
  });

  it('shows all scrapes within a window the same values', async () => {
    const given = await running();
    given.clock.advance(10_000);
    await looks(2);
    await given.registry.collect();
    const first = value(given, 'nodejs_eventloop_lag_max_seconds');
    // Node measures from one look to the next, and a new window begins with the next.
    await looks(2);
    busy(200);
    await looks(2);
    given.clock.advance(9_999);
    await given.registry.collect();
    expect(value(given, 'nodejs_eventloop_lag_max_seconds')).toBe(first);
    given.clock.advance(1);
    await given.registry.collect();
    expect(value(given, 'nodejs_eventloop_lag_max_seconds')).toBeGreaterThan(0.14);
  });
});

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

describe('the garbage collection collector', () => {
  it('records each garbage collection that Node reports', async () => {
    const given = await running();
    await given.registry.collect();
    let reported = 0;
    const observer = new PerformanceObserver((list) => (reported += list.getEntries().length));
    observer.observe({ entryTypes: ['gc'] });
    const count = (): number =>
      histograms(given.registry, 'nodejs_gc_duration_seconds').reduce((sum, series) => sum + series.count, 0);
    const before = count();
    const collectGarbage = garbageCollector();
    for (let i = 0; i < 5; i++) collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 20));
    reported += observer.takeRecords().length;
    const reportedBefore = reported;
    await given.registry.collect();
    const counted = count() - before;
    // To collect may bring about a collection of garbage itself.
    const reportedAfter = reported + observer.takeRecords().length;
    observer.disconnect();
    expect(counted).toBeGreaterThanOrEqual(Math.max(5, reportedBefore));
    expect(counted).toBeLessThanOrEqual(reportedAfter);
    const kinds = histograms(given.registry, 'nodejs_gc_duration_seconds').map(
      ({ labels }) => labels['kind'],
    );
    expect(kinds).toContain('major');
  });
});

describe('the load on the garbage collector', () => {
  it('is shown as share of time and as heap after a major collection', () => {
    const { registry, clock } = testRegistry();
    const pressure = new GcPressure(registry, clock);
    expect(registry.getMetric('nodejs_heap_size_after_gc_bytes')).toBeUndefined();
    // Now, rather than between the two looks at the heap.
    garbageCollector()();
    clock.advance(100_000);
    for (let i = 0; i < 20; i++) pressure.record(100, i === 0);
    pressure.collect();
    expect(scalars(registry, 'nodejs_gc_time_ratio')[0]?.value).toBeCloseTo(0.02, 9);
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    const after = scalars(registry, 'nodejs_heap_size_after_gc_bytes')[0]?.value ?? NaN;
    expect(Math.abs(after - used) / used).toBeLessThan(0.2);
    expect(scalars(registry, 'nodejs_heap_after_gc_ratio')[0]?.value).toBeCloseTo(after / limit, 9);
    clock.advance(320_000);
    pressure.collect();
    expect(scalars(registry, 'nodejs_gc_time_ratio')[0]?.value).toBe(0);
  });
});

describe('the thread pool collector', () => {
  it('shows the wait for a thread while the pool is busy', async () => {
    const { registry } = testRegistry();
    const collector = new ThreadPoolCollector(registry);
    const longest = () => histograms(registry, 'nodejs_threadpool_wait_seconds')[0]?.max ?? NaN;
    const size = scalars(registry, 'nodejs_threadpool_size')[0]?.value ?? NaN;
    expect(size).toBeGreaterThanOrEqual(1);
    const work = Array.from({ length: 3 * size }, () =>
      promisify(pbkdf2)('a password', 'some salt', 60_000, 64, 'sha512'),
    );
    await collector.collect();
    await Promise.all(work);
    const waited = longest();
    expect(waited).toBeGreaterThan(0.02);
    await collector.collect();
    expect(histograms(registry, 'nodejs_threadpool_wait_seconds')[0]?.min).toBeLessThan(waited);
  });
});

describe('the worker threads collector', () => {
  it('counts running and started workers', async () => {
    const { registry } = testRegistry();
    const collector = new WorkerThreadsCollector(registry);
    const count = () => {
      collector.collect();
      return scalars(registry, 'nodejs_worker_threads')[0]?.value;
    };
    collector.start();
    const workers = [1, 2].map(() => new Worker('setInterval(() => undefined, 1000)', { eval: true }));
    expect(count()).toBe(2);
    await workers[0]?.terminate();
    expect(count()).toBe(1);
    expect(scalars(registry, 'nodejs_worker_threads_started_total')[0]?.value).toBe(2);
    collector.stop();
    expect(workers[1]?.listenerCount('exit')).toBe(0);
    await workers[1]?.terminate();
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a message without a worker', {}],
    ['a worker that is a text', { worker: 'one' }],
    ['a worker that cannot be listened to', { worker: {} }],
    [
      'a worker that throws when it is listened to',
      {
        worker: {
          once() {
            throw new Error('as planned');
          },
        },
      },
    ],
    [
      'a getter that throws',
      {
        get worker() {
          throw new Error('as planned');
        },
      },
    ],
  ])('survives what the application publishes on the channel: %s', async (_, message) => {
    const { registry } = testRegistry();
    const collector = new WorkerThreadsCollector(registry);
    const faults: unknown[] = [];
    const note = (fault: unknown): void => void faults.push(fault);
    process.on('uncaughtException', note);
    try {
      collector.start();
      channel('worker_threads').publish(message);
      await new Promise((resolve) => setImmediate(resolve));
      collector.collect();
      collector.stop();
    } finally {
      process.off('uncaughtException', note);
    }
    expect(faults).toEqual([]);
    expect(scalars(registry, 'nodejs_worker_threads')[0]?.value).toBe(0);
    expect(scalars(registry, 'monitoring_instrumentation_errors_total')).toMatchObject([
      { labels: { part: 'worker-threads' }, value: 1 },
    ]);
  });
});

describe('the metric names', () => {
  it('equal the default metrics of prom-client, except those that promtool rejects', async () => {
    const { registry } = await running();
    const theirs = new PromClientRegistry();
    collectDefaultMetrics({ register: theirs });
    const ours = new Set(registry.getAllMetrics().map(({ name }) => name));
    const missing = theirs
      .getMetricsAsArray()
      .map(({ name }) => name)
      .filter((name) => !ours.has(name));
    expect(missing.toSorted()).toEqual([
      'nodejs_active_handles_total',
      'nodejs_active_requests_total',
      'nodejs_active_resources_total',
    ]);
  });
});

describe('the other runtime collectors', () => {
  it('show the heap in total and by space', async () => {
    garbageCollector()();
    const given = await running();
    const spaces = scalars(given.registry, 'nodejs_heap_space_size_used_bytes');
    const used = spaces.reduce((sum, { value: bytes }) => sum + bytes, 0);
    expect(spaces.map(({ labels }) => labels['space'])).toContain('old');
    expect(Math.abs(used - value(given, 'nodejs_heap_size_used_bytes')) / used).toBeLessThan(0.1);
    expect(value(given, 'nodejs_heap_size_limit_bytes')).toBeGreaterThan(used);
  });

  it('count active resources, and drop closed ones', async () => {
    const given = await running();
    const timeouts = (): number =>
      scalars(given.registry, 'nodejs_active_resources').find(({ labels }) => labels['type'] === 'Timeout')
        ?.value ?? 0;
    // A timer of something else may begin or end meanwhile.
    await eventually(async () => {
      await given.registry.collect();
      const before = timeouts();
      const timers = Array.from({ length: 4 }, () => setTimeout(() => undefined, 60_000));
      await given.registry.collect();
      const during = timeouts();
      timers.forEach(clearTimeout);
      await given.registry.collect();
      expect([during - before, timeouts()]).toEqual([4, before]);
    });
  });

  it('show sockets as handles, system calls as requests, and timers as neither', async () => {
    const given = await running();
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const timer = setTimeout(() => undefined, 60_000);
    const read = stat('/');
    await given.registry.collect();
    const types = (name: string): unknown[] =>
      scalars(given.registry, name).map(({ labels }) => labels['type']);
    expect(types('nodejs_active_handles')).toContain('TCPServerWrap');
    expect(types('nodejs_active_handles')).not.toContain('Timeout');
    expect(types('nodejs_active_requests')).toContain('FSReqPromise');
    expect(types('nodejs_active_requests')).not.toContain('TCPServerWrap');
    clearTimeout(timer);
    await read;
    await new Promise((resolve) => void server.close(resolve));
  });

  it('show the version of Node', async () => {
    const { registry } = await running();
    const { version } = process;
    const [major, minor, patch] = version.slice(1).split('.');
    expect(scalars(registry, 'nodejs_version_info')).toMatchObject([
      { labels: { version, major, minor, patch }, value: 1 },
    ]);
  });

  it('collect nothing once stopped', async () => {
    const given = testRegistry();
    const stop = start(given);
    await given.registry.collect();
    stop();
    const before = value(given, 'process_cpu_seconds_total');
    for (const until = performance.now() + 30; performance.now() < until;);
    await given.registry.collect();
    expect(value(given, 'process_cpu_seconds_total')).toBe(before);
    expect(scalars(given.registry, 'monitoring_collector_success')).toEqual([]);
  });
});

describe('the series collector', () => {
  it('shows the number of series of each metric', async () => {
    const { registry } = testRegistry();
    const counter = registry.counter('deals_total', 'Deals.', { labelNames: ['stage'] });
    for (const stage of ['open', 'won', 'lost']) counter.inc({ stage });
    registry.addCollector(new SeriesCountCollector(registry));
    await registry.collect();
    counter.remove({ stage: 'lost' });
    await registry.collect();
    const series = scalars(registry, 'monitoring_series').map(({ labels, value: count }) => [
      labels['metric'],
      count,
    ]);
    expect(series).toContainEqual(['deals_total', 2]);
    expect(series.map(([metric]) => metric)).not.toContain('monitoring_series');
  });
});
