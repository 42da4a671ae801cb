import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { Counter } from '../../lib/metrics/counter.js';
import { instrumentationGuard } from '../../lib/metrics/error-guards.js';
import { MetricsRegistry } from '../../lib/metrics/registry.js';
import { listenTo } from '../../lib/primitives/emitter-listener.js';
import { Guard } from '../../lib/primitives/guard.js';
import {
  boundedLabelValue,
  LABEL_VALUE_LENGTH,
  BoundedLabelValues,
} from '../../lib/primitives/bounded-label-values.js';
import { eventually } from '../support/eventually.js';

const boom = (): never => {
  throw new Error('boom');
};

describe('a guard', () => {
  it('calls every callback even if others fail', async () => {
    const errors: unknown[] = [];
    const guard = new Guard((error) => errors.push(error));
    const heard: string[] = [];
    guard.callEach([
      () => heard.push('first'),
      boom,
      async () => Promise.reject(new Error('later')),
      () => ({
        get then() {
          return boom();
        },
      }),
      () => heard.push('last'),
    ]);
    await Promise.resolve();
    expect(heard).toEqual(['first', 'last']);
    await eventually(() => expect(errors).toEqual([new Error('boom'), new Error('later')]));
  });

  it.each<[string, unknown]>([
    ['an error', new Error('boom')],
    ['undefined', undefined],
    ['an object without a prototype', Object.create(null)],
    ['an error whose message throws', Object.defineProperty(new Error('x'), 'message', { get: boom })],
  ])('counts %s and logs the first one', (_, thrown) => {
    const warnings: string[] = [];
    const registry = new MetricsRegistry({ logger: { warn: (message) => warnings.push(message) } });
    const guard = instrumentationGuard(registry, 'pg');
    for (let i = 0; i < 3; i++) {
      guard.run(() => {
        throw thrown;
      });
    }
    const errors = registry.getMetric('monitoring_instrumentation_errors_total') as Counter<'part'>;
    expect(errors.labels({ part: 'pg' }).value()).toBe(3);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('pg');
  });
});

describe('a listener of ours at an emitter', () => {
  it('keeps its errors from the emitter and from other listeners, and can be removed', () => {
    const errors: unknown[] = [];
    const emitter = new EventEmitter();
    const heard: unknown[] = [];
    const stop = listenTo(emitter, 'query', new Guard((error) => errors.push(error)), boom);
    emitter.on('query', (value) => heard.push(value));
    expect(emitter.emit('query', 1)).toBe(true);
    expect(heard).toEqual([1]);
    expect(errors).toHaveLength(1);
    stop();
    expect(emitter.listenerCount('query')).toBe(1);
  });

  it.each<[string, object | undefined]>([
    ['nothing', undefined],
    ['no emitter', {}],
    ['an emitter that refuses', { on: boom, off: boom }],
  ])('ignores %s', (_, emitter) => {
    const stop = listenTo(emitter, 'query', new Guard(() => undefined), boom);
    expect(stop).not.toThrow();
  });
});

describe('label values that come from outside', () => {
  it.each([
    ['short', 'short'],
    ['x'.repeat(128), 'x'.repeat(128)],
    ['x'.repeat(129), `${'x'.repeat(127)}…`],
    ['x'.repeat(90_000), `${'x'.repeat(127)}…`],
    // A pair of surrogates is one character, and is not cut in two.
    [`${'x'.repeat(126)}😀${'y'.repeat(10)}`, `${'x'.repeat(126)}…`],
    ['😀'.repeat(64), '😀'.repeat(64)],
  ])('are truncated to 128 code units', (value, bounded) => {
    expect(boundedLabelValue(value)).toBe(bounded);
    expect(boundedLabelValue(value).length).toBeLessThanOrEqual(LABEL_VALUE_LENGTH);
  });

  it('are limited in number, plus one for all others', () => {
    const values = new BoundedLabelValues(2);
    expect(['a', 'b', 'c', 'a', 'd'].map((value) => values.of(value))).toEqual([
      'a',
      'b',
      'other',
      'a',
      'other',
    ]);
  });
});
