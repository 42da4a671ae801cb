import { describe, expect, it } from '@jest/globals';
import { contextName, LogMessageRecorder } from '../../../lib/instrumentation/logs/log-message.recorder.js';
import { MetricsRegistry } from '../../../lib/metrics/registry.js';

describe('the context of a log message', () => {
  it.each([
    'OrdersService',
    'NestFactory',
    'app:orders',
    'orders/worker',
    'v2.Orders-Service',
    'Entity<Order>'.slice(0, 6),
  ])('is the name %s', (name) => expect(contextName(name)).toBe(name));

  it.each([
    'ada@example.com',
    'an order was paid',
    '/orders?secret=1',
    '4111111111111111',
    '550e8400-e29b-41d4-a716-446655440000',
    '{"a":1}',
    'Größe',
    'x'.repeat(65),
    'a\nb',
    7,
    { order: 7 },
    Symbol('x'),
  ])('is no value of the application, such as %p', (value) => expect(contextName(value)).toBe('other'));

  it.each([undefined, null, ''])('is empty without one: %p', (value) => expect(contextName(value)).toBe(''));

  it('is one of a bounded number, and so is a level', () => {
    const registry = new MetricsRegistry();
    const recorder = new LogMessageRecorder(registry, 3);
    for (let i = 0; i < 1_000; i++) recorder.record(`level${i}`, `Context${i}`);
    expect(recorder.contextNames()).toEqual(['Context0', 'Context1', 'Context2']);
    const rows = registry.snapshot().families.find(({ name }) => name === 'log_messages_total');
    expect(JSON.stringify(rows).match(/"level\d+"/g)?.length ?? 0).toBeLessThanOrEqual(100);
  });
});
