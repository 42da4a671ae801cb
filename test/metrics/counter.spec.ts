import { describe, expect, it } from '@jest/globals';
import { PrometheusExporter } from '../../lib/exporters/prometheus/prometheus.exporter.js';
import { dropped, scalars, testRegistry } from './support.js';

describe('Counter', () => {
  it('is exposed as zero before the first sample', () => {
    const { registry } = testRegistry();
    registry.counter('jobs_total', 'Jobs.');
    expect(scalars(registry, 'jobs_total')).toMatchObject([{ labels: {}, value: 0 }]);
  });

  it('increments by one or by a given value', () => {
    const jobs = testRegistry().registry.counter('jobs_total', 'Jobs.');
    jobs.inc();
    jobs.inc(2.5);
    jobs.inc(0);
    expect(jobs.value()).toBe(3.5);
  });

  it('has one total for each label set', () => {
    const requests = testRegistry().registry.counter('requests_total', 'Requests.', {
      labelNames: ['method', 'route'],
    });
    requests.inc({ method: 'GET', route: '/' });
    requests.inc({ method: 'GET', route: '/' }, 4);
    requests.inc({ method: 'POST', route: '/' });
    expect(requests.value({ method: 'GET', route: '/' })).toBe(5);
    expect(requests.value({ method: 'POST', route: '/' })).toBe(1);
    expect(requests.seriesCount).toBe(2);
  });

  it('returns zero for unused labels without creating a series', () => {
    const requests = testRegistry().registry.counter('requests_total', 'Requests.', {
      labelNames: ['method'],
    });
    expect(requests.value({ method: 'GET' })).toBe(0);
    expect(requests.seriesCount).toBe(0);
  });

  it('shares its total with a bound series', () => {
    const requests = testRegistry().registry.counter('requests_total', 'Requests.', {
      labelNames: ['method'],
    });
    const gets = requests.labels({ method: 'GET' });
    gets.inc();
    requests.inc({ method: 'GET' }, 2);
    gets.inc(3);
    expect(gets.value()).toBe(6);
    expect(requests.value({ method: 'GET' })).toBe(6);
  });

  it('can be defined as one bound series', () => {
    const { registry } = testRegistry();
    registry.counter('errors_total', 'Errors.', { labels: { component: 'payment' } }).inc();
    registry.counter('errors_total', 'Errors.', { labels: { component: 'payment' } }).inc();
    registry.counter('errors_total', 'Errors.', { labels: { component: 'search' } }).inc();
    expect(scalars(registry, 'errors_total')).toMatchObject([
      { labels: { component: 'payment' }, value: 2 },
      { labels: { component: 'search' }, value: 1 },
    ]);
  });

  it('rejects a decrement and an infinite sum', () => {
    const { registry } = testRegistry();
    const bytes = registry.counter('sent_bytes_total', 'Bytes.');
    bytes.inc(Number.MAX_VALUE);
    bytes.inc(Number.MAX_VALUE);
    bytes.inc(-1);
    bytes.inc(-Number.MIN_VALUE);
    expect(bytes.value()).toBe(Number.MAX_VALUE);
    expect(dropped(registry)).toEqual({ 'sent_bytes_total infinite': 1, 'sent_bytes_total negative': 2 });
  });

  it('example: counts what a shop sells', async () => {
    const { registry } = testRegistry({ defaultLabels: { service: 'shop' } });
    const sold = registry.counter('items_sold_total', 'Items sold.', { labelNames: ['kind'] });
    for (const kind of ['book', 'pen', 'book']) sold.inc({ kind });
    const text = await new PrometheusExporter(registry).generateText({ names: ['items_sold_total'] });
    expect(text).toBe(
      [
        '# HELP items_sold_total Items sold.',
        '# TYPE items_sold_total counter',
        'items_sold_total{service="shop",kind="book"} 2',
        'items_sold_total{service="shop",kind="pen"} 1',
        '',
      ].join('\n'),
    );
  });
});
