import { describe, expect, it } from '@jest/globals';
import { MonitorModelOperation } from '../../../lib/instrumentation/decorators/monitor-model-operation.decorator.js';
import { MonitorPerformance } from '../../../lib/instrumentation/decorators/monitor-performance.decorator.js';
import { TrackErrors } from '../../../lib/instrumentation/decorators/track-errors.decorator.js';
import { TrackMetrics } from '../../../lib/instrumentation/decorators/track-metrics.decorator.js';
import { MetricDefinitionError } from '../../../lib/metrics/metric-definition.error.js';
import { defaultMetricName } from '../../../lib/instrumentation/decorators/method-name.js';

type AnyOptions = Parameters<typeof MonitorPerformance>[0] &
  Parameters<typeof TrackMetrics>[0] &
  Parameters<typeof TrackErrors>[0];

/** Options that the types reject. */
const given = (options: unknown): AnyOptions => options as AnyOptions;

describe('a decorator', () => {
  it.each<[string, () => unknown, string]>([
    [
      'an invalid metric name',
      () => MonitorPerformance({ name: 'process-order' }),
      '"process-order" is not a valid metric name',
    ],
    [
      'a string instead of options',
      () => MonitorPerformance(given('process_order')),
      'Options of @MonitorPerformance() must be an object; got the string "process_order".',
    ],
    [
      'a URL instead of options, whose password the error does not show',
      () => MonitorPerformance(given('postgres://user:s3cret@db/orders')),
      'must be an object; got the string "postgres://***@db/…".',
    ],
    [
      'a long string as reraise, of which the error shows the beginning',
      () => TrackErrors(given({ metricName: 'x_total', reraise: 'n'.repeat(1_000) })),
      `true or false; got the string "${'n'.repeat(200)}…"`,
    ],
    [
      'an unknown option',
      () => MonitorPerformance(given({ nmae: 'x' })),
      'only the keys name, labels, sampleRate, buckets; got nmae.',
    ],
    [
      'an array of labels',
      () => MonitorPerformance(given({ labels: ['queue'] })),
      'must be an object; got an array.',
    ],
    [
      'an invalid label name',
      () => MonitorPerformance({ labels: { 'a-b': 1 } }),
      '"a-b" is not a valid label name',
    ],
    ['a reserved label', () => MonitorPerformance({ labels: { outcome: 'x' } }), 'Label "outcome"'],
    [
      'an object as a label value',
      () => TrackErrors(given({ metricName: 'x_total', labels: { id: {} } })),
      '`labels.id` of @TrackErrors() must be',
    ],
    ['a sample rate above 1', () => MonitorPerformance({ sampleRate: 1.5 }), 'got 1.5'],
    ['NaN as a sample rate', () => MonitorPerformance({ sampleRate: NaN }), 'got NaN'],
    ['buckets in descending order', () => MonitorPerformance({ buckets: [2, 1] }), 'strictly ascending'],
    [
      'a number as buckets',
      () => TrackMetrics(given({ timerName: 'x', buckets: 5 })),
      'an array of numbers; got 5',
    ],
    ['options without a metric name', () => TrackMetrics({}), 'got none'],
    [
      'one metric name for two metrics',
      () => TrackMetrics({ timerName: 'x', counterName: 'x' }),
      'each with a different name; got x, x',
    ],
    [
      'a metric name that starts with a digit',
      () => TrackMetrics({ gaugeName: '1x' }),
      '"1x" is not a valid metric name',
    ],
    [
      'a missing metric name',
      () => TrackErrors(given({})),
      '`metricName` of @TrackErrors() must be a metric name; got undefined.',
    ],
    [
      'a string as reraise',
      () => TrackErrors(given({ metricName: 'x_total', reraise: 'no' })),
      'true or false; got the string "no"',
    ],
    ['an empty operation', () => MonitorModelOperation(''), 'non-empty string; got the string ""'],
    [
      'an empty model',
      () => MonitorModelOperation('save', { model: '' }),
      '`model` of @MonitorModelOperation()',
    ],
  ])('rejects %s', (_, decorate, message) => {
    expect(decorate).toThrow(MetricDefinitionError);
    expect(decorate).toThrow(message);
  });

  const anywhere: (target: object, key: string) => void = MonitorPerformance();

  it.each<[string, () => unknown]>([
    [
      'an accessor',
      () => {
        class Orders {
          @MonitorPerformance()
          get total(): number {
            return 1;
          }
        }
        return Orders;
      },
    ],
    [
      'a property',
      () => {
        class Orders {
          @anywhere
          total = 1;
        }
        return Orders;
      },
    ],
    [
      'use as an ECMAScript decorator',
      () =>
        (TrackErrors({ metricName: 'x_total' }) as (method: unknown, context: unknown) => void)(
          () => undefined,
          {
            kind: 'method',
            name: 'process',
          },
        ),
    ],
  ])('rejects %s, because it is not a method', (_, decorate) => {
    expect(decorate).toThrow(/@\w+\(\) must be on a method; got .*experimentalDecorators/);
  });
});

describe('the default metric name', () => {
  it.each<[string, PropertyKey, string]>([
    ['OrdersService', 'process', 'orders_service_process'],
    ['HTTPClient', 'getURL', 'http_client_get_url'],
    ['Oauth2Guard', 'canActivate', 'oauth2_guard_can_activate'],
    ['$Orders_', '_process$All', 'orders_process_all'],
    ['Größe', 'läuft', 'gr_e_l_uft'],
    ['', 'process', 'process'],
    ['2nd', 'try', '_2nd_try'],
    ['Orders', Symbol('processAll'), 'orders_process_all'],
    ['', Symbol(), 'method'],
    ['Orders', Symbol.iterator, 'orders_symbol_iterator'],
  ])('of %s and %s is %s', (className, method, name) => {
    expect(defaultMetricName(className, method)).toBe(name);
    expect(name).toMatch(/^[a-z_][a-z0-9_]*$/);
  });
});
