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
