import { describe, expect, it } from '@jest/globals';
import { DashboardRetention } from '../../lib/dashboard/dashboard-retention.js';
import { MINUTE, past } from '../history/support.js';

const MIB = 1024 * 1024;

function application(routes: number, maxBytes = 8 * MIB) {
  const all = past({ maxBytes }, { seriesLimit: 20_000 });
  const { registry, history, run } = all;
  const requests = registry.counter('http_requests_total', 'Requests.', {
    labelNames: ['method', 'route', 'status_code'],
  });
  const durations = registry.timer('http_request_duration_seconds', 'Durations.', {
    labelNames: ['method', 'route', 'status_code'],
  });
  const small = registry.gauge('queue_length', 'Jobs.');
  const large = registry.gauge('orders_open', 'Orders.', { labelNames: ['customer'] });
  const retention = new DashboardRetention(history, registry);
  retention.start();
  const work = (steps: number): void => {
    run(steps, (step) => {
      for (let i = 0; i < routes; i++) {
        const labels = { method: 'GET', route: `/route-${i}`, status_code: '200' };
        requests.inc(labels);
        durations.observe(labels, ((i + step) % 300) + 1);
      }
      for (let i = 0; i < 200; i++) large.set({ customer: `c${i}` }, i);
      small.set(step);
    });
  };
  return { ...all, retention, work };
}

describe('the history of the dashboard', () => {
  it('keeps many routes for a shorter time, rather than without some of them or without other metrics', () => {
    const { history, work, retention } = application(300, 3 * MIB);
    work(120);
    expect(history.bytes).toBeLessThan(3 * MIB);
    const kept = history.coveredMs('http_request_duration_seconds', 60 * MINUTE);
    expect(kept).toBeGreaterThanOrEqual(5 * MINUTE);
    expect(kept).toBeLessThan(29 * MINUTE);
    expect(history.series('http_request_duration_seconds')).toHaveLength(300);
    expect(history.series('http_requests_total')).toHaveLength(300);
    expect(history.timestamps('queue_length').length).toBeGreaterThan(110);
    expect(retention.notesOn((name) => name.startsWith('http_'))[0]).toMatch(
      /^http_request\w+ has 300 series and is kept for \d+ min; history\.maxBytes sets the limit\.$/,
    );
  });

  it('keeps few routes for the whole time, and says nothing', () => {
    const { history, work, retention } = application(5);
    work(120);
    expect(history.coveredMs('http_request_duration_seconds', 60 * MINUTE)).toBeGreaterThan(29 * MINUTE);
    expect(retention.notesOn((name) => name.startsWith('http_'))).toEqual([]);
  });

  it('samples a metric of many series while a view of it is open, and for some minutes afterwards', () => {
    const { history, work, retention } = application(1);
    work(60);
    expect(history.typeOf('orders_open')).toBeUndefined();
    const isInView = (name: string): boolean => name === 'orders_open';
    retention.open(isInView);
    work(4);
    expect(history.series('orders_open')).toHaveLength(200);
    expect(retention.notesOn(isInView)).toEqual([
      'orders_open has 200 series and is sampled while this page is open.',
    ]);
    retention.open(isInView);
    work(30);
    expect(history.series('orders_open')).toHaveLength(200);
    work(20);
    expect(history.typeOf('orders_open')).toBeUndefined();
  });

  it('says of a metric that it lacks series while its charts do, and no longer', () => {
    const { registry, history, run } = past({ maxBytes: 300_000, retentionMs: 5 * MINUTE });
    const gauges = Array.from({ length: 8 }, (_, i) =>
      registry.gauge(`queue_length_${i}`, 'Jobs.', { labelNames: ['queue'] }),
    );
    for (const gauge of gauges) for (let queue = 0; queue < 50; queue++) gauge.set({ queue: `${queue}` }, 1);
    const retention = new DashboardRetention(history, registry);
    retention.start();
    const notes = () => retention.notesOn((name) => name.startsWith('queue_length'));
    run(1);
    expect(notes()).toEqual([
      'The history is full: queue_length_7 lacks some of its series. Set history.maxBytes.',
    ]);
    gauges[7]?.reset();
    gauges[7]?.set({ queue: '0' }, 1);
    run(20);
    expect(notes()).toHaveLength(1);
    run(1);
    expect(history.bytes).toBeGreaterThan(270_000);
    expect(notes()).toEqual([]);
  });

  it('is forgotten when the dashboard stops', () => {
    const { history, work, retention } = application(1);
    retention.open(() => true);
    work(4);
    retention.stop();
    work(1);
    expect(history.metrics()).toEqual([]);
    retention.open(() => true);
    work(1);
    expect(history.metrics()).toEqual([]);
  });
});
