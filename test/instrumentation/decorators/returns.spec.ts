import { afterEach, describe, expect, it } from '@jest/globals';
import {
  MonitorModelOperation,
  MonitorPerformance,
  TrackErrors,
  TrackMetrics,
  type MetricsRegistry,
} from 'nestjs-monitoring';
import { dropped, histograms } from '../../metrics/support.js';
import { closeAll, counts, startMeasured } from '../support.js';
import { FAILURE, LazyQuery, type Return, RETURNS } from './returns.js';

afterEach(closeAll);

/** Calls a method that is decorated like this, uses what comes back, and says what came of it. */
async function outcomeOf(
  { call, use }: Return,
  ...decorators: readonly MethodDecorator[]
): Promise<{ registry: MetricsRegistry; got: unknown; thrown: unknown }> {
  class Orders {
    process(...given: unknown[]): unknown {
      expect(this).toBeInstanceOf(Orders);
      expect(given).toEqual(['first', 'second']);
      return call(clock);
    }
  }
  for (const decorate of decorators.toReversed()) {
    const descriptor = Object.getOwnPropertyDescriptor(Orders.prototype, 'process')!;
    Object.defineProperty(
      Orders.prototype,
      'process',
      decorate(Orders.prototype, 'process', descriptor) ?? descriptor,
    );
  }
  const { app, registry, clock } = await startMeasured([Orders]);
  try {
    return {
      registry,
      got: await use(app.get(Orders).process('first', 'second'), clock),
      thrown: undefined,
    };
  } catch (error) {
    return { registry, got: undefined, thrown: error };
  }
}

function expectHandedOn(expected: Return, { got, thrown }: { got: unknown; thrown: unknown }): void {
  expect(thrown).toBe(expected.outcome === 'error' ? FAILURE : undefined);
  if (expected.outcome !== 'error') expect(got).toEqual(expected.got);
}

const isError = (expected: Return): boolean => expected.outcome === 'error';

function oneOfEach(): MethodDecorator[] {
  return [
    MonitorPerformance(),
    TrackMetrics({ counterName: 'payments_total' }),
    TrackErrors({ metricName: 'api_errors_total' }),
    MonitorModelOperation('save'),
  ];
}

describe.each(RETURNS)('$title', (expected) => {
  it('is measured by @MonitorPerformance()', async () => {
    const happened = await outcomeOf(expected, MonitorPerformance({ labels: { queue: 'high' } }));
    const { registry } = happened;

    expectHandedOn(expected, happened);
    expect(counts(registry, 'orders_process_calls_total')).toEqual({
      [`queue=high outcome=${expected.outcome}`]: 1,
    });
    expect(histograms(registry, 'orders_process_duration_seconds')).toMatchObject([
      { labels: { queue: 'high' }, count: 1, sum: expected.seconds },
    ]);
    expect(counts(registry, 'orders_process_errors_total')).toEqual(
      isError(expected) ? { 'queue=high error=Failure': 1 } : {},
    );
  });

  it('is measured by @TrackMetrics()', async () => {
    const happened = await outcomeOf(
      expected,
      TrackMetrics({ timerName: 'paying_seconds', counterName: 'payments_total', gaugeName: 'amount' }),
    );
    const { registry } = happened;

    expectHandedOn(expected, happened);
    expect(counts(registry, 'payments_total')).toEqual({ '': 1 });
    expect(histograms(registry, 'paying_seconds')).toMatchObject([{ count: 1, sum: expected.seconds }]);
    expect(counts(registry, 'amount')).toEqual(expected.value === undefined ? {} : { '': expected.value });
    const isRefused = expected.outcome === 'success' && expected.value === undefined;
    expect(dropped(registry)).toEqual(isRefused ? { 'amount not_a_number': 1 } : {});
  });

  it('is counted by @TrackErrors() if it fails', async () => {
    const happened = await outcomeOf(
      expected,
      TrackErrors({ metricName: 'api_errors_total', labels: { service: 'gateway' } }),
    );

    expectHandedOn(expected, happened);
    expect(counts(happened.registry, 'api_errors_total')).toEqual(
      isError(expected) ? { 'service=gateway': 1 } : {},
    );
  });

  it('is swallowed by @TrackErrors({ reraise: false }) if it fails', async () => {
    const happened = await outcomeOf(
      expected,
      TrackErrors({ metricName: 'api_errors_total', reraise: false }),
    );

    expect(happened.thrown).toBeUndefined();
    expect(happened.got).toEqual(isError(expected) ? expected.gotSwallowed : expected.got);
    expect(counts(happened.registry, 'api_errors_total')).toEqual(isError(expected) ? { '': 1 } : {});
  });

  it('is measured by @MonitorModelOperation()', async () => {
    const happened = await outcomeOf(expected, MonitorModelOperation('save'));
    const { registry } = happened;
    const labels = 'model=Orders operation=save';

    expectHandedOn(expected, happened);
    expect(counts(registry, 'model_operation_total')).toEqual({ [labels]: 1 });
    expect(histograms(registry, 'model_operation_duration_seconds')).toMatchObject([
      { count: 1, sum: expected.seconds },
    ]);
    expect(counts(registry, 'model_operation_errors_total')).toEqual(
      isError(expected) ? { [labels]: 1 } : {},
    );
  });

  it('is measured by all decorators together, each applied twice', async () => {
    const happened = await outcomeOf(expected, ...oneOfEach(), ...oneOfEach());
    const { registry } = happened;

    expectHandedOn(expected, happened);
    expect(counts(registry, 'orders_process_calls_total')).toEqual({ [`outcome=${expected.outcome}`]: 1 });
    expect(counts(registry, 'payments_total')).toEqual({ '': 1 });
    expect(counts(registry, 'model_operation_total')).toEqual({ 'model=Orders operation=save': 1 });
    expect(counts(registry, 'api_errors_total')).toEqual(isError(expected) ? { '': 1 } : {});
  });
});

describe('a returned promise', () => {
  it('keeps its class, and an unhandled rejection is still reported', async () => {
    class Orders {
      @MonitorPerformance()
      process(): Promise<never> {
        return Promise.reject(FAILURE);
      }
    }
    const { app } = await startMeasured([Orders]);
    const unhandled: unknown[] = [];
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.once('unhandledRejection', (error) => unhandled.push(error));
    void app.get(Orders).process();
    await new Promise((resolve) => setImmediate(resolve));
    for (const listener of listeners) process.on('unhandledRejection', listener);

    expect(unhandled).toEqual([FAILURE]);
  });

  it('is started once if it starts when it is awaited', async () => {
    const query = new LazyQuery();
    class Orders {
      @MonitorPerformance()
      @MonitorModelOperation('find')
      find(): unknown {
        return query;
      }
    }
    const { app } = await startMeasured([Orders]);

    expect(await app.get(Orders).find()).toBe(7);
    expect(query.runs).toBe(1);
  });
});
