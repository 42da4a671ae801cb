// What JavaScript, or a habit from another library, gives instead of what TypeScript asks for.
import { describe, expect, it } from '@jest/globals';
import { MetricDefinitionError, MetricsRegistry } from '../../lib/metrics.js';
import { PrometheusExporter } from '../../lib/exporters/prometheus/prometheus.exporter.js';

const KINDS = ['counter', 'gauge', 'histogram', 'timer'] as const;
type Define = (...args: unknown[]) => unknown;

/** Defines a metric as JavaScript could. */
function define(registry: MetricsRegistry, kind: (typeof KINDS)[number], ...args: unknown[]): unknown {
  return (registry[kind] as unknown as Define).apply(registry, args);
}

const MISTAKES: readonly [args: readonly unknown[], error: string][] = [
  [
    [{ labelNames: ['a'] }],
    'The help text of $ x_seconds must be a string, before the options; got an object.',
  ],
  [[['a']], 'The help text of $ x_seconds must be a string, before the options; got an array.'],
  [[null], 'The help text of $ x_seconds must be a string, before the options; got null.'],
  [[7], 'The help text of $ x_seconds must be a string, before the options; got 7.'],
  [[() => 'X.'], 'The help text of $ x_seconds must be a string, before the options; got a function.'],
  [
    ['X.', ['a']],
    "The options of $ x_seconds must be an object such as { labelNames: ['method'] }; got an array.",
  ],
  [
    ['X.', 'a'],
    "The options of $ x_seconds must be an object such as { labelNames: ['method'] }; got a string.",
  ],
  [
    ['X.', null],
    "The options of $ x_seconds must be an object such as { labelNames: ['method'] }; got null.",
  ],
  [['X.', { labelNames: 'a' }], '`labelNames` of $ x_seconds must be an array of label names; got a string.'],
  [
    ['X.', { labelNames: { a: 1 } }],
    '`labelNames` of $ x_seconds must be an array of label names; got an object.',
  ],
  [
    ['X.', { labels: ['a'] }],
    '`labels` of $ x_seconds must be an object of label values; label names are `labelNames`; got an array.',
  ],
  [['X.', { labelnames: ['a'] }], 'Unknown key `labelnames` in the options of $ x_seconds.'],
  [['X.', { labelName: ['a'] }], 'Did you mean `labelNames`?'],
  [['X.', { bucket: [1] }], 'Did you mean `buckets`?'],
  [['X.', { limit: 5 }], 'Known keys: labelNames, labels, seriesLimit, aggregate, buckets.'],
];

describe.each(KINDS)('the definition of a %s', (kind) => {
  it.each(MISTAKES)('names the mistake in %j', (args, error) => {
    const registry = new MetricsRegistry();
    const attempt = () => define(registry, kind, 'x_seconds', ...args);

    expect(attempt).toThrow(MetricDefinitionError);
    expect(attempt).toThrow(error.replace('$', kind));
  });

  it.each(MISTAKES)('leaves nothing behind that a scrape could fail by: %j', async (args) => {
    const registry = new MetricsRegistry();
    expect(() => define(registry, kind, 'x_seconds', ...args)).toThrow();

    await expect(new PrometheusExporter(registry).generateText()).resolves.not.toContain('x_seconds');
  });

  it.each<[unknown, string]>([
    [{ name: 'x_seconds', help: 'X.', labelNames: ['a'] }, 'an object'],
    [['x_seconds', 'X.'], 'an array'],
    [undefined, 'undefined'],
    [null, 'null'],
  ])('asks for the name first: %j', (name, given) => {
    const attempt = () => define(new MetricsRegistry(), kind, name);

    expect(attempt).toThrow(MetricDefinitionError);
    expect(attempt).toThrow(`The name of a ${kind} must be a string, followed by the help text`);
    expect(attempt).toThrow(`got ${given}.`);
  });

  it('names the mistake where the metric exists already', () => {
    const registry = new MetricsRegistry();
    define(registry, kind, 'x_seconds', 'X.');

    expect(() => define(registry, kind, 'x_seconds', ['a'])).toThrow('The help text of');
    expect(() => define(registry, kind, 'x_seconds', 'X.', { labelNames: 'a' })).toThrow('`labelNames` of');
  });
});
