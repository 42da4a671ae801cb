import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MetricsHistory } from 'nestjs-monitoring';
import { HistoryStore } from '../../lib/history/history-store.js';
import { MINUTE, past, SECOND } from './support.js';

const WINDOW_MS = 5 * MINUTE;

describe('a best-effort request', () => {
  it('is evicted, the newest series first, for a required one', () => {
    const { registry, history, run } = past({ maxBytes: 300_000 });
    const pages = registry.gauge('page_views', 'Views.', { labelNames: ['page'] });
    const requests = registry.counter('requests_total', 'Requests.', { labelNames: ['id'] });
    history.retain({ metric: 'page_views', bestEffort: true });
    run(3, () => {
      for (let i = 0; i < 500; i++) pages.set({ page: `${i}` }, i);
    });
    const shown = history.series('page_views').length;
    expect(shown).toBeGreaterThan(100);
    expect(history.bytes).toBeGreaterThan(290_000);
    // Somebody adds a rule, whose metric then gets more and more series.
    history.retain({ metric: 'requests_total', windowMs: WINDOW_MS });
    let count = 0;
    run(20, () => {
      count += 10;
      for (let i = 0; i < count; i++) requests.inc({ id: `${i}` });
    });
    expect(history.series('requests_total')).toHaveLength(200);
    expect(history.droppedSamples('requests_total')).toBe(0);
    expect(history.bytes).toBeLessThanOrEqual(300_000);
    const left = history.series('page_views').map(({ page }) => page);
    expect(left.length).toBeGreaterThan(10);
    expect(left).toEqual(Array.from({ length: left.length }, (_, i) => `${i}`));
    expect(history.droppedSamples('page_views')).toBeGreaterThan(0);
  });

  it('shrinks to the window of a required one for the same metric, and grows again with free memory', () => {
    const { registry, history, run } = past({ maxBytes: 400_000 });
    const requests = registry.counter('requests_total', 'Requests.', { labelNames: ['id'] });
    history.retain({ metric: 'requests_total', windowMs: WINDOW_MS });
    history.retain({ metric: 'requests_total', bestEffort: true });
    run(60, () => {
      for (let i = 0; i < 20; i++) requests.inc({ id: `${i}` }, 15);
    });
    expect(history.timestamps('requests_total')).toHaveLength(60);
    run(2, () => {
      for (let i = 0; i < 300; i++) requests.inc({ id: `${i}` }, 15);
    });
    // 5 minutes, both ends and one more.
    expect(history.timestamps('requests_total')).toHaveLength(22);
    expect(history.seriesCount).toBe(300);
    expect(history.droppedSamples()).toBe(0);
    expect(history.increase('requests_total', WINDOW_MS, { labels: { id: '0' } })[0]?.value).toBe(300);
    expect(history.rate('requests_total', WINDOW_MS, { labels: { id: '0' } })[0]?.value).toBe(1);
    for (let i = 10; i < 300; i++) requests.remove({ id: `${i}` });
    run(60, () => requests.inc({ id: '0' }, 15));
    expect(history.seriesCount).toBe(10);
    expect(history.timestamps('requests_total').length).toBeGreaterThan(30);
    expect(history.rate('requests_total', WINDOW_MS, { labels: { id: '0' } })[0]?.value).toBe(1);
  });

  it('does not evict a required one for its percentiles', () => {
    const { registry, history, run } = past({ maxBytes: 40_000 });
    const duration = registry.timer('work_seconds', 'Work.', { buckets: [0.1, 1], labelNames: ['id'] });
    history.retain({ metric: 'work_seconds', windowMs: WINDOW_MS });
    history.retain({ metric: 'work_seconds', windowMs: WINDOW_MS, percentiles: true, bestEffort: true });
    run(30, (i) => {
      for (let id = 0; id < 20; id++) {
        for (let value = 1; value < 40; value++) duration.observe({ id: `${id}` }, value ** 3 * (i + 1));
      }
    });
    expect(history.seriesCount).toBe(20);
    expect(history.droppedSamples('work_seconds')).toBe(0);
    expect(history.bucketQuantile('work_seconds', 0.5, MINUTE)).toHaveLength(20);
    expect(history.bytes).toBeLessThanOrEqual(40_000);
  });

  it('never changes the result of a required one', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('series'), count: fc.nat(30) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('gone'), count: fc.nat(30) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('chart'), count: fc.nat(3) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('no chart'), count: fc.nat(3) }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('time'), count: fc.nat(8) }) },
    );
    let shortened = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const { registry, clock, history: shared, store: sharedStore } = past({ maxBytes: 60_000 });
        // What the rule would have if there were no charts.
        const aloneStore = new HistoryStore({
          intervalMs: 15 * SECOND,
          retentionMs: 60 * MINUTE,
          maxBytes: 60_000,
        });
        const alone = new MetricsHistory(aloneStore);
        const jobs = registry.counter('jobs_total', 'Jobs.', { labelNames: ['id'] });
        const load = registry.gauge('load', 'Load.', { labelNames: ['id'] });
        const work = registry.timer('work_seconds', 'Work.', { buckets: [1], labelNames: ['id'] });
        for (const history of [shared, alone]) {
          history.retain({ metric: 'jobs_total', windowMs: WINDOW_MS });
          history.retain({ metric: 'work_seconds', windowMs: WINDOW_MS, percentiles: true });
        }
        const charts: (() => void)[] = [];
        const sample = (): void => {
          clock.advance(15 * SECOND);
          const snapshot = registry.snapshot({ exponential: true });
          for (const store of [sharedStore, aloneStore]) store.add(snapshot);
          for (const metric of ['jobs_total', 'work_seconds']) {
            if (alone.droppedSamples(metric) > 0) return;
            expect(shared.droppedSamples(metric)).toBe(0);
            // A series that came back may stand elsewhere in the longer history.
            expect(byId(shared.increase(metric, WINDOW_MS))).toEqual(byId(alone.increase(metric, WINDOW_MS)));
            expect(byId(shared.last(metric))).toEqual(byId(alone.last(metric)));
          }
          expect(byId(shared.percentile('work_seconds', 0.9, WINDOW_MS))).toEqual(
            byId(alone.percentile('work_seconds', 0.9, WINDOW_MS)),
          );
          expect(shared.bytes).toBeLessThanOrEqual(60_000);
        };
        for (const { kind, count } of steps) {
          if (kind === 'series') {
            for (let id = 0; id < count; id++) {
              jobs.inc({ id: `${id}` }, id);
              load.set({ id: `${id}` }, count);
              if (id < 5) work.observe({ id: `${id}` }, (id + 1) ** 4);
            }
          } else if (kind === 'gone') {
            jobs.remove({ id: `${count}` });
            work.remove({ id: `${count}` });
          } else if (kind === 'chart') {
            const metric = ['jobs_total', 'load', 'work_seconds', 'work_seconds'][count] ?? 'load';
            charts.push(shared.retain({ metric, percentiles: count === 2, bestEffort: true }));
          } else if (kind === 'no chart') charts.splice(count, 1)[0]?.();
          else for (let i = 0; i < count; i++) sample();
          sample();
        }
        if (shared.droppedSamples() > 0 || shared.timestamps('jobs_total').length === 22) shortened++;
        for (const store of [sharedStore, aloneStore]) store.forget();
        expect(shared.bytes).toBe(0);
      }),
      { numRuns: 150 },
    );
    expect(shortened).toBeGreaterThan(10);
    // Many histories, on machines that have other work as well.
  }, 120_000);
});

function byId<T extends { readonly labels: Readonly<Record<string, string>> }>(readings: readonly T[]): T[] {
  return readings.toSorted((a, b) => Number(a.labels['id']) - Number(b.labels['id']));
}
