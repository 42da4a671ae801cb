import { performance } from 'node:perf_hooks';
import { describe, expect, it } from '@jest/globals';
import { endpointRows } from '../../lib/dashboard/endpoint-rows.js';
import { MetricExplorer } from '../../lib/dashboard/metric-explorer.js';
import { ViewReader } from '../../lib/dashboard/views/view-data.js';
import { OVERVIEW, REQUESTS } from '../../lib/dashboard/views/http-views.js';
import { MINUTE } from '../history/support.js';
import { eventually } from '../support/eventually.js';
import { busyHour } from './support.js';

/** Runs work to its end; returns what it came to, how long it took, and its longest steps, in milliseconds. */
function measured<T>(work: Generator<void, T, void>): { result: T; totalMs: number; stepsMs: number[] } {
  const stepsMs: number[] = [];
  const cpu = process.cpuUsage();
  for (;;) {
    const before = performance.now();
    const { done, value } = work.next();
    stepsMs.push(performance.now() - before);
    if (done)
      return {
        result: value,
        totalMs: process.cpuUsage(cpu).user / 1000,
        stepsMs: stepsMs.toSorted((a, b) => b - a),
      };
  }
}

describe('the dashboard over 300 routes and an hour', () => {
  const { registry, history } = busyHour();
  const views = new ViewReader(history, () => []);
  const explorer = new MetricExplorer(registry, history, views);
  const range = 60 * MINUTE;

  it.each([
    ['the page of requests', () => views.read(REQUESTS, range)],
    ['the overview', () => views.read(OVERVIEW, range)],
    ['the table of endpoints', () => endpointRows(history, range)],
    ['the list of metrics', () => explorer.list()],
    ['one metric', () => explorer.explore('http_requests_total', new Map(), range)],
    ['one histogram', () => explorer.explore('http_request_duration_seconds', new Map(), range)],
  ])('computes in small steps: %s', async (name, ask) => {
    for (let i = 0; i < 3; i++) measured<unknown>(await ask());
    const { totalMs, stepsMs } = measured<unknown>(await ask());
    if (process.env['SHOW_TIMES'])
      console.log(
        name,
        totalMs.toFixed(1),
        stepsMs.slice(0, 3).map((ms) => ms.toFixed(2)),
      );
    // Many steps, none of which is a great part of the work; times are for the benchmark.
    expect(stepsMs.length).toBeGreaterThan(2);
    expect(totalMs).toBeLessThan(15_000);
  });
});

describe('the dashboard over a thousand routes', () => {
  const { registry, history } = busyHour(1_000);
  const explorer = new MetricExplorer(registry, history, new ViewReader(history, () => []));
  const range = 60 * MINUTE;

  it.each<[string, () => Generator<void> | Promise<Generator<void>>]>([
    ['the table of endpoints', () => endpointRows(history, range) as Generator<void>],
    [
      'one metric',
      async () => (await explorer.explore('http_requests_total', new Map(), range)) as Generator<void>,
    ],
  ])(
    'has no step that is a large part of the work: %s',
    async (_, ask) => {
      // The least that each step took in as many runs as it takes, whatever else the machine did meanwhile.
      const leastMs: number[] = [];
      await eventually(async () => {
        const work = await ask();
        for (let step = 0, done: boolean | undefined = false; !done; step++) {
          const before = performance.now();
          ({ done } = work.next());
          leastMs[step] = Math.min(leastMs[step] ?? Infinity, performance.now() - before);
        }
        const totalMs = leastMs.reduce((sum, ms) => sum + ms, 0);
        expect(Math.max(...leastMs) / totalMs).toBeLessThan(0.06);
      });
    },
    60_000,
  );
});
