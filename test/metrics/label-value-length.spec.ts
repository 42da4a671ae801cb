import { describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from 'nestjs-monitoring';
import { type MetricsRegistryOptions } from 'nestjs-monitoring/metrics';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { ADAPTERS, startApp } from '../e2e/fixture/start-app.js';
import { scalars } from './support.js';

const LONG = 'x'.repeat(5_000);

function registryOf(options: MetricsRegistryOptions = {}) {
  const registry = new MetricsRegistry({ logger: { warn: () => undefined }, ...options });
  const counter = registry.counter('logins_total', 'Logins.', { labelNames: ['user', 'constructor'] });
  const users = (): string[] => scalars(registry, 'logins_total').map(({ labels }) => labels['user'] ?? '');
  const truncated = (): Record<string, number> =>
    Object.fromEntries(
      scalars(registry, 'monitoring_truncated_label_values_total').map(({ labels, value }) => [
        labels['metric'],
        value,
      ]),
    );
  return { registry, counter, users, truncated };
}

describe('the length of a label value', () => {
  it('is at most 1024 characters, mark included, and cuts are counted', () => {
    const { counter, users, truncated } = registryOf();
    counter.inc({ user: LONG, constructor: 'a' });
    counter.inc({ user: 'x'.repeat(1_024), constructor: 'a' });
    expect(users()).toEqual([`${'x'.repeat(1_023)}…`, 'x'.repeat(1_024)]);
    expect(truncated()).toEqual({ logins_total: 1 });
  });

  it('merges values that differ only beyond the limit', () => {
    const { counter, users } = registryOf({ labelValueLengthLimit: 10 });
    counter.inc({ user: 'abcdefghijklm', constructor: '' });
    counter.inc({ user: 'abcdefghixyz', constructor: '' }, 2);
    expect(users()).toEqual(['abcdefghi…']);
    expect(counter.value({ user: 'abcdefghi and so on', constructor: '' })).toBe(3);
  });

  it.each<[string, unknown]>([
    ['a text', LONG],
    ['a number', Number('1'.repeat(300))],
    ['a bigint', BigInt('9'.repeat(5_000))],
    ['an object with toString()', { toString: () => LONG }],
    ['a text of lone surrogates', '\ud800'.repeat(5_000)],
    ['a text of pairs, none of which is torn', '\u{1f600}'.repeat(5_000)],
  ])('is limited for %s', (_, value) => {
    const { counter, users } = registryOf({ labelValueLengthLimit: 100 });
    counter.inc({ user: value as string, constructor: '' });
    const [user = ''] = users();
    expect(user.length).toBeLessThanOrEqual(100);
    expect(user.isWellFormed()).toBe(true);
  });

  it('is limited for a bound series, also after a reset', () => {
    const { counter, users, truncated } = registryOf({ labelValueLengthLimit: 20 });
    const series = counter.labels({ user: LONG, constructor: '' });
    series.inc();
    counter.reset();
    series.inc();
    expect(users()).toEqual([`${'x'.repeat(19)}…`]);
    expect(truncated()).toEqual({ logins_total: 1 });
  });

  it('does not recurse for a metric whose name is too long for a label', () => {
    const { registry, truncated } = registryOf({ labelValueLengthLimit: 10 });
    registry.counter('a_metric_with_a_long_name_total', 'A.', { labelNames: ['user'] }).inc({ user: LONG });
    expect(truncated()).toEqual({ 'a_metric_…': 1 });
  });

  it('can be unlimited', () => {
    const { counter, users } = registryOf({ labelValueLengthLimit: Infinity });
    counter.inc({ user: LONG, constructor: '' });
    expect(users()).toEqual([LONG]);
  });

  it.each([0, -1, 1.5, NaN, '5'])('rejects the limit %s', (limit) => {
    expect(() => new MetricsRegistry({ labelValueLengthLimit: limit as number })).toThrow(
      /`labelValueLengthLimit` must be a whole number of at least 1/,
    );
  });

  it.each(ADAPTERS)('is an option of the application, on %s', async (adapter) => {
    const module = FixtureModule.with({ ...WITHOUT_COLLECTORS, labelValueLengthLimit: 20 });
    const app = await startApp(adapter, module);
    try {
      app.registry.counter('logins_total', 'Logins.', { labelNames: ['user'] }).inc({ user: LONG });
      const text = await (await fetch(`http://127.0.0.1:${app.port}/metrics`)).text();
      expect(text).toContain(`logins_total{user="${'x'.repeat(19)}…"} 1`);
      expect(text).toContain('monitoring_truncated_label_values_total{metric="logins_total"} 1');
    } finally {
      await app.close();
    }
  });
});

describe('labels with the names of what every object has', () => {
  const NAMES = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', 'isPrototypeOf'] as const;

  it.each(NAMES)('are plain labels: %s', (name) => {
    const { registry } = registryOf();
    const counter = registry.counter<string>('odd_total', 'Odd.', { labelNames: [name] });
    counter.inc({ [name]: 'given' });
    counter.inc({});
    counter.labels({ [name]: 'bound' }).inc();
    expect(scalars(registry, 'odd_total').map(({ labels }) => Object.entries(labels))).toEqual([
      [[name, 'given']],
      [[name, '']],
      [[name, 'bound']],
    ]);
    expect(counter.value({})).toBe(1);
  });

  it('are told from labels that a metric does not have', () => {
    const { registry } = registryOf();
    const counter = registry.counter<string>('plain_total', 'Plain.', { labelNames: ['a'] });
    for (const name of NAMES) counter.inc({ a: 'x', [name]: 'y' });
    counter.inc(JSON.parse('{"a":"x","__proto__":"y"}') as Record<string, string>);
    expect(scalars(registry, 'plain_total')).toEqual([]);
    expect(scalars(registry, 'monitoring_dropped_samples_total')[0]?.value).toBe(6);
  });
});
