import { describe, expect, it } from '@jest/globals';
import type { Alert, Thresholds } from 'nestjs-monitoring';
import { PerformanceMonitor } from '../../lib/alerting/performance.monitor.js';
import { THRESHOLD_INHIBITION } from '../../lib/alerting/performance.monitor.js';
import { Vitals } from '../../lib/query/vitals.js';
import { SECOND, testAlerting } from './support.js';

/** An application whose vitals are watched, with what its people are notified. */
function watched(thresholds?: Thresholds) {
  const test = testAlerting({ inhibitRules: [THRESHOLD_INHIBITION] });
  const { registry, history, alerting } = test;
  const monitor = new PerformanceMonitor(alerting, new Vitals(history));
  if (thresholds !== undefined) monitor.thresholds = thresholds;
  const notified: string[] = [];
  alerting.addAlertHandler(
    (alert: Alert) => void notified.push(`${alert.rule} ${alert.state}: ${alert.message}`),
    {
      sendResolved: true,
    },
  );
  monitor.start();
  alerting.start();
  const requests = registry.counter('http_requests_total', 'Requests.', { labelNames: ['status_code'] });
  const answer = (good: number, bad: number): void => {
    requests.inc({ status_code: '200' }, good);
    requests.inc({ status_code: '500' }, bad);
  };
  /** Lets so many seconds pass, and does the same before each sample. */
  const go = async (seconds: number, work?: () => void): Promise<void> => {
    for (let at = 0; at < seconds * SECOND; at += 15 * SECOND) await test.step(work);
  };
  return { ...test, monitor, notified, answer, go };
}

describe('the default thresholds', () => {
  it('report the share of failing requests, and at the end the current one', async () => {
    const { notified, answer, go } = watched();
    await go(75, () => answer(34, 10));
    // Only the critical one: it makes the warning superfluous.
    expect(notified).toEqual([
      'error_rate_percent_critical firing: 22.7 % of requests fail (limit 10 %, over 1 min)',
    ]);
    await go(90, () => answer(100, 0));
    const resolved = notified.filter((line) => line.startsWith('error_rate_percent_critical resolved'));
    const [, percent] =
      /: ([\d.]+) % of requests fail \(limit 10 %, over 1 min\)$/.exec(resolved[0] ?? '') ?? [];
    expect(resolved).toHaveLength(1);
    expect(Number(percent)).toBeLessThan(10);
  });

  it.each([
    ['one of one', 0, 1],
    ['four of four', 0, 4],
    ['all, but nine a minute at most', 0, 2.25],
  ])('raise no alert for requests in a quiet hour: %s', async (_, good, bad) => {
    const { notified, answer, go, monitor } = watched();
    await go(60);
    if (bad === 2.25) await go(600, () => answer(good, bad));
    else {
      await go(15, () => answer(good, bad));
      await go(300);
    }
    expect(notified).toEqual([]);
    expect(monitor.getStatus().alerts).toEqual([]);
  });

  it('raise nothing while the monitor is stopped, which shows the vitals all the same', async () => {
    const { registry, history, alerting, step } = testAlerting({});
    const vitals = new Vitals(history);
    vitals.retain();
    registry.gauge('system_memory_percent', 'Memory.').set(90);
    await step();
    const status = new PerformanceMonitor(alerting, vitals).getStatus();
    expect(status).toEqual({ monitoring: false, metrics: { memory_percent: 90 }, alerts: [] });
  });

  it('raise an alert for each vital beyond its limit', async () => {
    const { notified, answer, go, registry } = watched();
    registry.gauge('system_cpu_percent', 'CPU.').set(100);
    registry.gauge('system_memory_percent', 'Memory.').set(100);
    registry.gauge('system_disk_percent', 'Disk.', { labelNames: ['mount'] }).set({ mount: '/' }, 100);
    registry.counter('cache_hits_total', 'Hits.').inc(0);
    const misses = registry.counter('cache_misses_total', 'Misses.');
    const durations = registry.timer('http_request_duration_seconds', 'Durations.');
    await go(600, () => {
      answer(0, 50);
      durations.observe(60);
      misses.inc(100);
    });
    expect(notified.map((line) => line.replace(/:.*/, '')).toSorted()).toEqual([
      'cache_hit_rate_percent_critical firing',
      'cpu_percent_critical firing',
      'disk_percent_critical firing',
      'error_rate_percent_critical firing',
      'memory_percent_critical firing',
      'response_time_ms_critical firing',
    ]);
  });

  it('raise no alert in the first minute, nor after a burst', async () => {
    const { notified, answer, go, registry } = watched();
    registry.gauge('system_cpu_percent', 'CPU.').set(100);
    registry.gauge('system_memory_percent', 'Memory.').set(100);
    registry.counter('cache_hits_total', 'Hits.').inc(0);
    registry.counter('cache_misses_total', 'Misses.').inc(1_000);
    await go(60, () => answer(0, 50));
    expect(notified).toEqual([]);
    await go(15, () => answer(0, 50));
    expect(notified.map((line) => line.split(' ')[0])).toEqual(['error_rate_percent_critical']);
  });

  it('need a minute of errors, so that a burst of 20 raises no alert', async () => {
    const { notified, answer, go, monitor } = watched();
    await go(15, () => answer(0, 20));
    expect(monitor.getStatus().alerts).toEqual([
      { metric: 'error_rate_percent', value: 100, threshold: 10, severity: 'critical' },
    ]);
    await go(300);
    expect(notified).toEqual([]);
  });

  it('need 50 lookups before they apply to the cache', async () => {
    const { notified, go, registry } = watched();
    const hits = registry.counter('cache_hits_total', 'Hits.');
    const misses = registry.counter('cache_misses_total', 'Misses.');
    hits.inc(0);
    await go(60);
    await go(600, () => misses.inc(10));
    expect(notified).toEqual([]);
    await go(400, () => {
      misses.inc(60);
      hits.inc(6);
    });
    expect(notified).toEqual([
      'cache_hit_rate_percent_critical firing: Cache hit rate is 9.1 % (limit 40 %, over 1 min)',
    ]);
  });

  it('show the CPU usage of the process beside that of the machine', async () => {
    const { notified, go, registry } = watched();
    registry.gauge('system_cpu_percent', 'CPU.').set(97.25);
    const cpu = registry.counter('process_cpu_seconds_total', 'CPU.', { labelNames: ['mode'] });
    await go(330, () => {
      cpu.inc({ mode: 'user' }, 15);
      cpu.inc({ mode: 'system' }, 4.5);
    });
    expect(notified).toEqual([
      'cpu_percent_critical firing: CPU usage of the machine is 97.2 % (limit 90 %, over 1 min); this process uses 1.3 CPUs',
    ]);
  });

  it('show the unit of each vital', async () => {
    const forMs = 0;
    const { notified, go, registry } = watched({
      memory_percent: { warning: 85, forMs },
      disk_percent: { warning: 90, forMs },
      response_time_ms: { warning: 1_000, forMs },
    });
    registry.gauge('system_memory_percent', 'Memory.').set(90);
    registry.gauge('system_disk_percent', 'Disk.', { labelNames: ['mount'] }).set({ mount: '/' }, 93.04);
    const durations = registry.timer('http_request_duration_seconds', 'Durations.');
    await go(15);
    await go(15, () => durations.observe(1.500_4));
    expect(notified.toSorted()).toEqual([
      'disk_percent_warning firing: Disk usage is 93.0 % (limit 90 %)',
      'memory_percent_warning firing: Memory usage is 90.0 % (limit 85 %, over 1 min)',
      'response_time_ms_warning firing: Requests take 1500 ms on average (limit 1000 ms, over 1 min)',
    ]);
  });
});

describe('a resolved alert', () => {
  it.each([
    ['of a gauge', (set: (value: number | undefined) => void) => set(3), 'Queue mail has 3 jobs'],
    [
      'of a series that is gone',
      (set: (value: number | undefined) => void) => set(undefined),
      'No data; last message: Queue mail has 12 jobs',
    ],
  ])('shows the current value: %s', async (_, end, message) => {
    const test = testAlerting();
    const queue = test.registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
    const notified: string[] = [];
    test.alerting.addAlertRule({
      name: 'long_queue',
      condition: { metric: 'queue_length', operator: '>', threshold: 10 },
      severity: 'warning',
      message: 'Queue {{ labels.queue }} has {{ value }} jobs',
    });
    test.alerting.addAlertHandler((alert: Alert) => void notified.push(alert.message));
    test.alerting.start();
    await test.step(() => queue.set({ queue: 'mail' }, 12));
    await test.step(() =>
      end((value) =>
        value === undefined ? queue.remove({ queue: 'mail' }) : queue.set({ queue: 'mail' }, value),
      ),
    );
    await test.step();
    expect(notified).toEqual(['Queue mail has 12 jobs', message]);
  });
});
