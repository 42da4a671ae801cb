import { describe, expect, it } from '@jest/globals';
import {
  applyDecorators,
  type CanActivate,
  Controller,
  Get,
  Injectable,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { Cron } from '@nestjs/schedule';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import { MonitorModelOperation } from '../../../lib/instrumentation/decorators/monitor-model-operation.decorator.js';
import { MonitorPerformance } from '../../../lib/instrumentation/decorators/monitor-performance.decorator.js';
import { TrackErrors } from '../../../lib/instrumentation/decorators/track-errors.decorator.js';
import { TrackMetrics } from '../../../lib/instrumentation/decorators/track-metrics.decorator.js';

@Injectable()
class Allow implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

/** A decorator that sets metadata only, like `@Process()` and `@OnEvent()`. */
const Process = (name: string): MethodDecorator => SetMetadata('bull:module_queue_process', { name });

/** A decorator that writes its metadata to the function that the class has at that moment. */
function OnTarget(target: object, key: string | symbol): void {
  Reflect.defineMetadata('on:target', key, Reflect.get(target, key) as object);
}

/** A decorator that leaves a property on the function. */
function Flagged(_target: object, _key: string | symbol, descriptor: PropertyDescriptor): void {
  Object.assign(descriptor.value as object, { flagged: true });
}

const NESTS: readonly [string, MethodDecorator][] = [
  ['@UseGuards()', UseGuards(Allow)],
  ['@Get()', Get('orders/:id')],
  ['@MessagePattern()', MessagePattern('orders.process')],
  ['@Cron()', Cron('0 0 * * *')],
  ['@Process()', Process('orders')],
  ['@ApiOperation()', ApiOperation({ summary: 'Process an order' })],
  ['@ApiResponse()', ApiResponse({ status: 200, description: 'The order' })],
  ['one that writes to the target', OnTarget],
  ['one that leaves a property', Flagged],
];

const OURS: readonly [string, MethodDecorator][] = [
  ['@MonitorPerformance()', MonitorPerformance()],
  ['@TrackMetrics()', TrackMetrics({ counterName: 'orders_total' })],
  ['@TrackErrors()', TrackErrors({ metricName: 'errors_total', reraise: false })],
  ['@MonitorModelOperation()', MonitorModelOperation('save')],
];

const PAIRS = OURS.flatMap(([our, ours]) =>
  NESTS.map(([nest, nests]) => ({ title: `${our} and ${nest}`, ours, nests })),
);

function methodOf({ prototype }: { readonly prototype: object }): object {
  return Object.getOwnPropertyDescriptor(prototype, 'process')?.value as object;
}

/** The metadata and properties of a method with these decorators. */
function traces(...decorators: readonly MethodDecorator[]): Record<string, unknown> {
  @Controller()
  class Orders {
    @applyDecorators(...decorators)
    process(_id: string, _order: object): void {}
  }
  const method = methodOf(Orders);
  return {
    name: Reflect.get(method, 'name'),
    length: Reflect.get(method, 'length'),
    flagged: Reflect.get(method, 'flagged'),
    parameters: Reflect.getMetadata('design:paramtypes', Orders.prototype, 'process') as unknown,
    ...Object.fromEntries(
      Reflect.getMetadataKeys(method).map((key) => [
        String(key),
        Reflect.getMetadata(key, method) as unknown,
      ]),
    ),
  };
}

describe('the metadata of a method', () => {
  it.each(PAIRS)('of $title is the same in either decorator order', ({ ours, nests }) => {
    const alone = traces(nests);

    expect(traces(ours, nests)).toEqual(alone);
    expect(traces(nests, ours)).toEqual(alone);
  });

  it('of all decorators is the same in every order', () => {
    const nests = NESTS.map(([, decorator]) => decorator);
    const ours = OURS.map(([, decorator]) => decorator);
    const alone = traces(...nests);

    expect(traces(...ours, ...nests)).toEqual(alone);
    expect(traces(...nests, ...ours)).toEqual(alone);
    const alternating = nests.flatMap((decorator, i) => [
      decorator,
      ...ours.slice(i % ours.length).slice(0, 1),
    ]);
    expect(traces(...alternating)).toEqual(alone);
  });

  it('is kept if the class is decorated', () => {
    @MonitorPerformance()
    class Orders {
      @UseGuards(Allow)
      @Cron('0 0 * * *')
      process(_id: string): void {}
    }

    const method = methodOf(Orders);
    expect(Reflect.getMetadata('__guards__', method)).toEqual([Allow]);
    expect(Reflect.getMetadataKeys(method)).toContain('SCHEDULE_CRON_OPTIONS');
    expect(method).toHaveLength(1);
  });
});
