import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MetricsRegistry, PrometheusExporter } from 'nestjs-monitoring';
import { negotiateFormat } from '../../lib/exporters/prometheus/format-negotiation.js';
import { acceptsGzip } from '../../lib/http/accept-encoding.js';
import { parseExposition } from '../exporters/prometheus/exposition-parser.js';
import { bytesInUse, oddText, scalars } from '../metrics/support.js';
import { runs } from './fuzz-runs.js';

describe('a million label values', () => {
  it('take no more memory than a thousand, and lose nothing of the total', async () => {
    const registry = new MetricsRegistry({ logger: { warn: () => undefined } });
    const requests = registry.counter('requests_total', 'Requests.', { labelNames: ['user'] });
    const sizes = registry.histogram('size', 'Sizes.', { labelNames: ['user'], buckets: [1] });
    for (let i = 0; i < 1_000; i++) {
      requests.inc({ user: `first-${i}` });
      sizes.observe({ user: `first-${i}` }, 1);
    }
    const before = bytesInUse();
    for (let i = 0; i < 1_000_000; i++) requests.inc({ user: `user-${i}` });
    for (let i = 0; i < 100_000; i++) sizes.observe({ user: `user-${i}` }, 1);
    const grown = bytesInUse() - before;

    // A million series would take more than 200 MB; what the engine keeps of its own is far below this.
    expect(grown).toBeLessThan(8_000_000);
    const series = scalars(registry, 'requests_total');
    expect(series).toHaveLength(1_001);
    expect(series.reduce((sum, { value }) => sum + value, 0)).toBe(1_001_000);
    const text = await new PrometheusExporter(registry).generateText();
    expect(text).toContain('requests_total{monitoring_overflow="true"} 1000000');
    expect(text).toContain('monitoring_series_overflow_total{metric="requests_total"} 1000000');
  });

  it('that come and go one after the other are not kept either', () => {
    const registry = new MetricsRegistry();
    const requests = registry.counter('requests_total', 'Requests.', { labelNames: ['user'] });
    const churn = (from: number): void => {
      for (let i = from; i < from + 300_000; i++) {
        requests.inc({ user: `user-${i}` });
        requests.remove({ user: `user-${i}` });
      }
    };
    churn(0);
    const before = bytesInUse();
    churn(300_000);

    expect(bytesInUse() - before).toBeLessThan(4_000_000);
    expect(requests.seriesCount).toBe(0);
  });
});

describe('a huge label value', () => {
  it('is shown as it is where there is no limit, and costs only itself', async () => {
    const registry = new MetricsRegistry({ labelValueLengthLimit: Infinity });
    const huge = 'x"\n\\'.repeat(250_000);
    registry.counter('given_total', 'Given.', { labelNames: ['value'] }).inc({ value: huge });
    const families = parseExposition(await new PrometheusExporter(registry).generateText(), 'prometheus');

    expect(families.get('given_total')?.samples[0]?.labels['value']).toBe(huge);
  });
});

describe('names that objects have already', () => {
  const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];

  it('are metrics and values as any other, and change nothing of objects', async () => {
    const registry = new MetricsRegistry({ defaultLabels: { constructor: 'default' } });
    for (const name of NAMES) {
      registry.counter(name, 'Odd.', { labelNames: ['toString'] }).inc({ toString: name });
    }
    const families = parseExposition(await new PrometheusExporter(registry).generateText(), 'prometheus');

    for (const name of NAMES) {
      expect(families.get(name)?.samples).toEqual([
        { name, labels: { constructor: 'default', toString: name }, value: 1 },
      ]);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('in labels that were parsed from JSON are refused, and change nothing of objects', () => {
    const registry = new MetricsRegistry();
    const counter = registry.counter('given_total', 'Given.', { labelNames: ['a'] });
    const labels = JSON.parse('{"a":"1","__proto__":{"polluted":true}}') as { a: string };
    counter.inc(labels);

    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(scalars(registry, 'monitoring_dropped_samples_total')[0]?.labels['reason']).toBe('unknown_label');
  });
});

describe('any Accept and Accept-Encoding', () => {
  const part = fc.oneof(
    oddText,
    fc.constantFrom(
      'application/openmetrics-text',
      'text/plain',
      '*/*',
      ';',
      ',',
      'q=',
      'q=0.5',
      'version=1.0.0',
      'q=NaN',
      'q=-1',
      'q=1e999',
      'gzip',
      'gzip;q=0',
      '='.repeat(1_000),
      ' '.repeat(1_000),
    ),
  );
  const header = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''));

  it('come to one of the two formats, at once', () => {
    fc.assert(
      fc.property(fc.option(header, { nil: undefined }), (accept) => {
        expect(['prometheus', 'openmetrics']).toContain(negotiateFormat(accept));
        expect([true, false]).toContain(acceptsGzip(accept));
      }),
      runs(20),
    );
  });
});
