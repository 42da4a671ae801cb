import {
  MetricDefinitionError,
  MonitorModelOperation,
  MonitorPerformance,
  TrackErrors,
  TrackMetrics,
} from 'nestjs-monitoring';
import { describe, expect, it } from 'vitest';
import { defaultMetricName } from '../../../lib/instrumentation/decorators/method-name.js';

type AnyOptions = Parameters<typeof MonitorPerformance>[0] &
  Parameters<typeof TrackMetrics>[0] &
  Parameters<typeof TrackErrors>[0];

/** Options that the types would refuse. */
const given = (options: unknown): AnyOptions => options as AnyOptions;

describe('options that cannot work are refused where they are written', () => {
  it.each<[string, () => unknown, string]>([
    [
      'a name',
      () => MonitorPerformance({ name: 'process-order' }),
      '"process-order" is not a valid metric name',
    ],
    [
      'a class of options',
      () => MonitorPerformance(given('process_order')),
      'to be an object, got "process_order"',
    ],
    [
      'an option',
      () => MonitorPerformance(given({ nmae: 'x' })),
      'only the keys name, labels, sampleRate, buckets, got nmae',
    ],
    ['labels', () => MonitorPerformance(given({ labels: ['queue'] })), 'to be an object'],
    ['a label name', () => MonitorPerformance({ labels: { 'a-b': 1 } }), '"a-b" is not a valid label name'],
    ['a label that is taken', () => MonitorPerformance({ labels: { outcome: 'x' } }), 'Label "outcome"'],
    [
      'a label value',
      () => TrackErrors(given({ metricName: 'x_total', labels: { id: {} } })),
      'label id of @TrackErrors()',
    ],
    ['a sample rate', () => MonitorPerformance({ sampleRate: 1.5 }), 'got 1.5 (number)'],
    ['a sample rate that is none', () => MonitorPerformance({ sampleRate: NaN }), 'got NaN'],
    ['buckets', () => MonitorPerformance({ buckets: [2, 1] }), 'strictly ascending'],
    ['buckets that are none', () => TrackMetrics(given({ timerName: 'x', buckets: 5 })), 'an array, got 5'],
    ['no name', () => TrackMetrics({}), 'got none'],
    [
      'one name for two',
      () => TrackMetrics({ timerName: 'x', counterName: 'x' }),
      'each another name, got x, x',
    ],
    ['a metric name', () => TrackMetrics({ gaugeName: '1x' }), '"1x" is not a valid metric name'],
    ['no metric name', () => TrackErrors(given({})), 'undefined is not a valid metric name'],
    [
      'reraise',
      () => TrackErrors(given({ metricName: 'x_total', reraise: 'no' })),
      'true or false, got "no"',
    ],
    ['an operation', () => MonitorModelOperation(''), 'not empty, got "" (string)'],
    ['a model', () => MonitorModelOperation('save', { model: '' }), 'model of @MonitorModelOperation()'],
  ])('%s', (_, decorate, message) => {
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
      'a decorator of ECMAScript',
      () =>
        (TrackErrors({ metricName: 'x_total' }) as (method: unknown, context: unknown) => void)(
          () => undefined,
          {
            kind: 'method',
            name: 'process',
          },
        ),
    ],
  ])('a place that is no method: %s', (_, decorate) => {
    expect(decorate).toThrow(/Expected @\w+\(\) to be on a method, got .*experimentalDecorators/);
  });
});

describe('default names', () => {
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
