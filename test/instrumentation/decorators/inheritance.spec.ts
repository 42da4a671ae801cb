import { afterEach, describe, expect, it } from '@jest/globals';
import { MonitorModelOperation, MonitorPerformance, TrackErrors, TrackMetrics } from 'nestjs-monitoring';
import { histograms } from '../../metrics/support.js';
import { closeAll, counts, startMeasured } from '../support.js';

afterEach(closeAll);

/** Some other decorator, which knows nothing of ours. */
function Wrapped(_target: object, _key: string | symbol, descriptor: PropertyDescriptor): PropertyDescriptor {
  const method = descriptor.value as (...args: unknown[]) => unknown;
  return {
    ...descriptor,
    value(this: unknown, ...args: unknown[]): unknown {
      return method.apply(this, args);
    },
  };
}

class Model {
  @MonitorModelOperation('save')
  @MonitorPerformance({ name: 'save' })
  async save(): Promise<string> {
    await Promise.resolve();
    return 'model';
  }

  @MonitorPerformance({ name: 'depth' })
  depth(levels: number): number {
    return levels === 0 ? 0 : 1 + this.depth(levels - 1);
  }

  @MonitorPerformance({ name: 'create' })
  static create(): string {
    return this.name;
  }
}

class Order extends Model {
  @MonitorModelOperation('save')
  @MonitorPerformance({ name: 'save' })
  override async save(): Promise<string> {
    await Promise.resolve();
    return `order ${await super.save()}`;
  }

  @MonitorPerformance({ name: 'depth' })
  override depth(levels: number): number {
    return super.depth(levels);
  }

  @MonitorPerformance({ name: 'create' })
  static override create(): string {
    return super.create();
  }
}

/** Inherits what is measured, and overrides it without being measured itself. */
class Draft extends Model {
  override async save(): Promise<string> {
    return `draft ${await super.save()}`;
  }
}

class RushOrder extends Order {
  @Wrapped
  @MonitorModelOperation('save')
  @MonitorPerformance({ name: 'save' })
  override async save(): Promise<string> {
    return `rush ${await super.save()}`;
  }
}

describe('a call is counted once', () => {
  it.each([
    [Model, 'model', 'Model'],
    [Order, 'order model', 'Order'],
    [Draft, 'draft model', 'Draft'],
    [RushOrder, 'rush order model', 'RushOrder'],
  ])('for %s, which calls super', async (type, answer, model) => {
    const { app, registry } = await startMeasured([type]);

    expect(await app.get<Model>(type).save()).toBe(answer);
    expect(counts(registry, 'save_calls_total')).toEqual({ 'outcome=success': 1 });
    expect(histograms(registry, 'save_duration_seconds')).toMatchObject([{ count: 1 }]);
    expect(counts(registry, 'model_operation_total')).toEqual({ [`model=${model} operation=save`]: 1 });
  });

  it('for a static method that calls super', async () => {
    const { registry } = await startMeasured();

    expect(Order.create()).toBe('Order');
    expect(Model.create()).toBe('Model');
    expect(counts(registry, 'create_calls_total')).toEqual({ 'outcome=success': 2 });
  });

  it.each([Model, Order])('for each recursion of %s', async (type) => {
    const { app, registry } = await startMeasured([type]);

    expect(app.get<Model>(type).depth(3)).toBe(3);
    expect(counts(registry, 'depth_calls_total')).toEqual({ 'outcome=success': 4 });
  });

  it('for an instance that is the prototype of another object', async () => {
    const { app, registry } = await startMeasured([Order]);
    const derived = Object.create(app.get(Order)) as Order;

    expect(await derived.save()).toBe('order model');
    expect(counts(registry, 'save_calls_total')).toEqual({ 'outcome=success': 1 });
  });

  it('for a method with the same decorator twice, around another decorator', async () => {
    class Orders {
      @TrackMetrics({ counterName: 'orders_total' })
      @MonitorPerformance({ name: 'process' })
      @Wrapped
      @MonitorPerformance({ name: 'process', sampleRate: 0.5 })
      @TrackMetrics({ counterName: 'orders_total' })
      process(): void {}
    }
    const { app, registry } = await startMeasured([Orders]);
    app.get(Orders).process();

    expect(counts(registry, 'process_calls_total')).toEqual({ 'outcome=success': 1 });
    expect(counts(registry, 'orders_total')).toEqual({ '': 1 });
  });

  it('under each name if two decorators give different names', async () => {
    class Orders {
      @MonitorPerformance({ name: 'process', labels: { queue: 'high' } })
      @MonitorPerformance({ name: 'process', labels: { queue: 'all' } })
      @MonitorPerformance()
      process(): void {}
    }
    const { app, registry } = await startMeasured([Orders]);
    app.get(Orders).process();

    expect(counts(registry, 'process_calls_total')).toEqual({
      'queue=high outcome=success': 1,
      'queue=all outcome=success': 1,
    });
    expect(counts(registry, 'orders_process_calls_total')).toEqual({ 'outcome=success': 1 });
  });

  it('while errors are swallowed by each decorator that asks for it', async () => {
    class Orders {
      @TrackErrors({ metricName: 'errors_total', reraise: false })
      @TrackErrors({ metricName: 'errors_total' })
      process(): void {
        throw new Error('declined');
      }
    }
    const { app, registry } = await startMeasured([Orders]);

    expect(app.get(Orders).process()).toBeUndefined();
    expect(counts(registry, 'errors_total')).toEqual({ '': 1 });
  });
});
