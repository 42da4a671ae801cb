import { describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from '../../lib/metrics/registry.js';

/** A registry whose monotonic time is set by hand, and the warnings of it. */
function setUp(): { registry: MetricsRegistry; warnings: string[]; pass: (ms: number) => void } {
  let now = 0;
  const warnings: string[] = [];
  const registry = new MetricsRegistry({
    clock: { now: () => now, monotonic: () => now },
    logger: { warn: (message) => void warnings.push(message) },
  });
  return { registry, warnings, pass: (ms) => void (now += ms) };
}

describe('the labels of a timer that are known only at the end', () => {
  const timerOf = (registry: MetricsRegistry) =>
    registry.timer('job_seconds', 'Jobs.', { labelNames: ['queue', 'status'] });

  it.each<[string, (timer: ReturnType<typeof timerOf>) => number]>([
    ['some at the start, the others at the end', (timer) => timer.start({ queue: 'mail' })({ status: 'ok' })],
    ['all at the end', (timer) => timer.start()({ queue: 'mail', status: 'ok' })],
    ['all at the start', (timer) => timer.start({ queue: 'mail', status: 'ok' })()],
    [
      'one replaced at the end',
      (timer) => timer.start({ queue: 'mail', status: 'unknown' })({ status: 'ok' }),
    ],
    [
      'all replaced at the end',
      (timer) => timer.start({ queue: 'x', status: 'y' })({ queue: 'mail', status: 'ok' }),
    ],
  ])('are recorded: %s', (_, measure) => {
    const { registry, warnings } = setUp();
    const timer = timerOf(registry);
    measure(timer);
    expect(timer.labels({ queue: 'mail', status: 'ok' }).count()).toBe(1);
    expect(warnings).toEqual([]);
  });

  it('make a series only at the end', () => {
    const { registry, pass } = setUp();
    const timer = timerOf(registry);
    const stop = timer.start({ queue: 'mail' });
    expect(timer.seriesCount).toBe(0);
    pass(1500);
    expect(stop({ status: 'ok' })).toBe(1.5);
    expect(stop({ status: 'failed' })).toBe(1.5);
    expect(timer.seriesCount).toBe(1);
  });

  it('are empty if the end has none, as in a block with `using`', () => {
    const { registry } = setUp();
    const timer = timerOf(registry);
    {
      using _ = timer.start({ queue: 'mail' });
    }
    expect(timer.labels({ queue: 'mail', status: '' }).count()).toBe(1);
  });

  it.each<[string, unknown]>([
    ['a result', { id: 7 }],
    ['a string', 'done'],
    ['null', null],
    ['an error', new Error('no')],
    ['an array', [1, 2]],
    [
      'an object that cannot be read',
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('mine');
          },
        },
      ),
    ],
  ])('are those of the start if the end, as a callback, is called with %s', (_, value) => {
    const { registry, warnings } = setUp();
    const timer = timerOf(registry);
    const stop = timer.start({ queue: 'mail', status: 'ok' }) as (value: unknown) => number;
    stop(value);
    expect(timer.labels({ queue: 'mail', status: 'ok' }).count()).toBe(1);
    expect(warnings).toEqual([]);
  });

  it('do not compile with another name, or if one stays open', () => {
    const timer = timerOf(setUp().registry);
    // @ts-expect-error: a label that the metric does not have
    timer.start({ queue: 'mail' })({ state: 'ok' });
    // @ts-expect-error: the status is missing
    timer.start({ queue: 'mail' })();
    // @ts-expect-error: a bound series has no labels to give
    timer.labels({ queue: 'mail', status: 'ok' }).start()({ status: 'ok' });
  });
});

describe('a label that the metric does not have, from JavaScript', () => {
  it.each<[string, (registry: MetricsRegistry, labels: never) => void, string[]]>([
    [
      'a counter',
      (registry, labels) =>
        registry.counter('a_total', 'A.', { labelNames: ['method', 'route'] }).inc(labels),
      ['"methd"', 'Its labels are method, route. Did you mean "method"?'],
    ],
    [
      'a gauge',
      (registry, labels) => registry.gauge('a', 'A.', { labelNames: ['method'] }).set(labels, 3),
      ['"methd"', 'Did you mean "method"?'],
    ],
    [
      'a histogram',
      (registry, labels) => registry.histogram('a', 'A.', { labelNames: ['method'] }).observe(labels, 3),
      ['"methd"', 'Did you mean "method"?'],
    ],
    [
      'the end of a timer',
      (registry, labels) =>
        void registry.timer('a_seconds', 'A.', { labelNames: ['method'] }).start()(labels),
      ['"methd"', 'Did you mean "method"?'],
    ],
    [
      'a bound series',
      (registry, labels) =>
        registry
          .counter('a_total', 'A.', { labelNames: ['method'] })
          .labels(labels)
          .inc(),
      ['"methd"', 'Did you mean "method"?'],
    ],
    [
      'a metric without labels',
      (registry, labels) => (registry.counter('a_total', 'A.') as { inc(labels: never): void }).inc(labels),
      ['"methd"', 'It has no labels.'],
    ],
  ])('is warned of once: %s', (_, use, texts) => {
    const { registry, warnings } = setUp();
    for (let i = 0; i < 3; i++) use(registry, { methd: 'GET' } as never);
    expect(warnings).toHaveLength(1);
    for (const text of texts) expect(warnings[0]).toContain(text);
  });

  it('is warned of for each metric, and without a name if none is near', () => {
    const { registry, warnings } = setUp();
    for (const name of ['a_total', 'b_total']) {
      registry.counter(name, 'A.', { labelNames: ['method'] }).inc({ tenant: 'x' } as never);
    }
    expect(warnings).toEqual([
      'Metric a_total has no label "tenant"; samples with it are dropped and counted in monitoring_dropped_samples_total. Its labels are method.',
      'Metric b_total has no label "tenant"; samples with it are dropped and counted in monitoring_dropped_samples_total. Its labels are method.',
    ]);
  });

  it('is shortened and escaped in the warning', () => {
    const { registry, warnings } = setUp();
    registry
      .counter('a_total', 'A.', { labelNames: ['method'] })
      .inc({ [`\n${'x'.repeat(90_000)}`]: '' } as never);
    expect(warnings[0]!.length).toBeLessThan(400);
    expect(warnings[0]).not.toContain('\n');
  });
});
