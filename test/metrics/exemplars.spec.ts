import { describe, expect, it } from '@jest/globals';
import type { ExemplarLabels } from 'nestjs-monitoring';
import { PrometheusExporter } from '../../lib/exporters/prometheus/prometheus.exporter.js';
import { type Exemplar } from 'nestjs-monitoring/metrics';
import type { TestRegistryOptions } from 'nestjs-monitoring/testing';
import { parseExposition } from '../exporters/prometheus/exposition-parser.js';
import { expectThat } from '../support/expectations.js';
import { family, scalars, type TestRegistry, testRegistry } from './support.js';

const TRACE = { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', span_id: '00f067aa0ba902b7' };

/** The exemplars of a metric, in the order of the numbers that they belong to. */
function exemplarsOf({ registry }: TestRegistry, name: string): Exemplar[] {
  const kept = [...(family(registry, name).exemplars ?? [])];
  return kept.toSorted(([a], [b]) => a - b).map(([, exemplar]) => exemplar);
}

function refused({ registry }: TestRegistry): number {
  return scalars(registry, 'monitoring_dropped_samples_total')
    .filter(({ labels }) => labels['reason'] === 'invalid_exemplar')
    .reduce((sum, { value }) => sum + value, 0);
}

/** A registry whose samples all belong to the trace that `active` says. */
function traced(active: () => ExemplarLabels | undefined, options: TestRegistryOptions = {}): TestRegistry {
  return testRegistry({ ...options, exemplars: active });
}

describe('exemplars', () => {
  it('are kept for counters and for each bucket, with value and time', () => {
    const given = testRegistry();
    const { registry, clock } = given;
    const paid = registry.counter('paid_total', 'Paid.', { labelNames: ['method'] });
    const size = registry.histogram('size', 'Size.', { buckets: [1, 10] });
    paid.inc({ method: 'card' }, 3, TRACE);
    size.observe(0.5, TRACE);
    size.observe(7, { trace_id: 'b' });
    const timestamp = clock.now();
    expect(exemplarsOf(given, 'paid_total')).toEqual([{ labels: TRACE, value: 3, timestamp }]);
    expect(exemplarsOf(given, 'size')).toEqual([
      { labels: TRACE, value: 0.5, timestamp },
      { labels: { trace_id: 'b' }, value: 7, timestamp },
    ]);
  });

  it('work for bound series, timers and metrics without labels', () => {
    const given = traced(() => TRACE);
    const { registry } = given;
    registry.counter('a_total', 'A.').inc();
    registry.counter('b_total', 'B.', { labels: { kind: 'x' } }).inc(2);
    registry.counter('c_total', 'C.', { labelNames: ['kind'] }).inc({ kind: 'x' });
    registry.timer('d_seconds', 'D.').time(() => undefined);
    registry.histogram('e', 'E.', { labelNames: ['kind'] }).observe({ kind: 'x' }, 4);
    for (const name of ['a_total', 'b_total', 'c_total', 'd_seconds', 'e']) {
      expectThat(exemplarsOf(given, name), name).toMatchObject([{ labels: TRACE }]);
    }
  });

  it('are not requested by gauges, dropped samples or code outside of a trace', () => {
    let asked = 0;
    const given = traced(() => {
      asked++;
      return undefined;
    });
    const { registry } = given;
    const counter = registry.counter('jobs_total', 'Jobs.');
    registry.gauge('users', 'Users.').set(3);
    counter.inc(-1);
    counter.inc(NaN);
    expect(asked).toBe(2); // for the counter of what was refused, which has a series for each reason
    counter.inc();
    expect(exemplarsOf(given, 'jobs_total')).toEqual([]);
  });

  it('are replaced at most once a second', () => {
    let trace = 'a';
    const given = traced(() => ({ trace_id: trace }));
    const counter = given.registry.counter('jobs_total', 'Jobs.');
    counter.inc();
    trace = 'b';
    counter.inc();
    expect(exemplarsOf(given, 'jobs_total')).toMatchObject([{ labels: { trace_id: 'a' } }]);
    given.clock.advance(1_000);
    counter.inc();
    expect(exemplarsOf(given, 'jobs_total')).toMatchObject([{ labels: { trace_id: 'b' } }]);
  });

  it('are replaced after a clock that was set back', () => {
    let trace = 'a';
    const given = traced(() => ({ trace_id: trace }));
    const counter = given.registry.counter('jobs_total', 'Jobs.');
    counter.inc();
    trace = 'b';
    given.clock.jumpTo(given.clock.now() - 60_000);
    counter.inc();
    expect(exemplarsOf(given, 'jobs_total')).toMatchObject([{ labels: { trace_id: 'b' } }]);
  });

  it('are removed with their series and kept with the others', () => {
    const given = traced(() => TRACE, { seriesLimit: 1_000 });
    const counter = given.registry.counter('jobs_total', 'Jobs.', { labelNames: ['kind'] });
    counter.inc({ kind: 'kept' }, 1, { trace_id: 'kept' });
    for (let kind = 0; kind < 200; kind++) counter.inc({ kind }, 1, { trace_id: 'gone' });
    for (let kind = 0; kind < 200; kind++) counter.remove({ kind });
    expect(exemplarsOf(given, 'jobs_total')).toMatchObject([{ labels: { trace_id: 'kept' } }]);
    counter.reset();
    expect(exemplarsOf(given, 'jobs_total')).toEqual([]);
  });

  it.each<[string, ExemplarLabels]>([
    ['longer than 128 characters', { trace_id: 'x'.repeat(121) }],
    ['a name that is none', { 'trace id': 'x' }],
    [
      'values that throw',
      {
        trace_id: {
          toString: () => {
            throw new Error('no');
          },
        } as unknown as string,
      },
    ],
    ['no object at all', null as unknown as ExemplarLabels],
  ])('with %s are dropped and counted, but not their sample', (_what, labels) => {
    const given = testRegistry();
    const counter = given.registry.counter('jobs_total', 'Jobs.');
    counter.inc(2, labels);
    expect(counter.value()).toBe(2);
    expect(exemplarsOf(given, 'jobs_total')).toEqual([]);
    expect(refused(given)).toBe(1);
  });

  it('may have 128 characters, counted as code points', () => {
    const given = testRegistry();
    given.registry.counter('jobs_total', 'Jobs.').inc(1, { trace_id: '🦊'.repeat(120) });
    expect(exemplarsOf(given, 'jobs_total')).toHaveLength(1);
  });

  it('come from a source that may throw or record samples itself', () => {
    const given = traced(() => {
      given.registry.counter('asked_total', 'Asked.').inc();
      throw new Error('no tracer');
    });
    const counter = given.registry.counter('jobs_total', 'Jobs.');
    counter.inc();
    expect(counter.value()).toBe(1);
    expect(refused(given)).toBeGreaterThan(0);
  });

  it('are exposed in OpenMetrics after totals and buckets', async () => {
    const { registry } = traced(() => TRACE);
    registry.counter('paid_total', 'Paid.').inc(3);
    registry.histogram('size', 'Size.', { buckets: [1, 10] }).observe(7);
    const text = await new PrometheusExporter(registry).generateText({ format: 'openmetrics' });
    const samples = [...parseExposition(text, 'openmetrics').values()].flatMap((parsed) => parsed.samples);
    const found = samples.filter(({ exemplar }) => exemplar !== undefined);
    expect(found.map(({ name, exemplar }) => [name, exemplar])).toEqual([
      ['paid_total', { labels: TRACE, value: 3 }],
      ['size_bucket', { labels: TRACE, value: 7 }],
    ]);
    expect(await new PrometheusExporter(registry).generateText()).not.toContain('trace_id');
  });
});
