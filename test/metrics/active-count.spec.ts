import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { scalars, testRegistry } from './support.js';

const gaugeOf = (options?: Parameters<typeof testRegistry>[0]) => {
  const { registry } = testRegistry(options);
  return { registry, gauge: registry.gauge('work', 'Work in progress.', { labelNames: ['kind'] }) };
};

describe('a number of operations in progress', () => {
  it('is shared by all that count the same', () => {
    const { gauge } = gaugeOf();
    gauge.active({ kind: 'a' }).begin();
    gauge.active({ kind: 'a' }).begin();
    gauge.active({ kind: 'b' }).begin();
    gauge.active({ kind: 'a' }).end();
    expect([gauge.value({ kind: 'a' }), gauge.value({ kind: 'b' })]).toEqual([1, 1]);
    expect(gauge.labels({ kind: 'a' }).value()).toBe(1);
  });

  it('has a series at zero from the start, and again after the first operation since a reset', () => {
    const { registry, gauge } = gaugeOf();
    const count = gauge.active({ kind: 'a' });
    const values = () => scalars(registry, 'work').map(({ value }) => value);
    expect(values()).toEqual([0]);
    registry.resetAll();
    expect(values()).toEqual([]);
    count.begin();
    count.end();
    expect(values()).toEqual([0]);
  });

  it('is right without labels, where a reset leaves the series at zero', () => {
    const { registry } = testRegistry();
    const gauge = registry.gauge('work', 'Work in progress.');
    const count = gauge.active({});
    count.begin();
    expect(gauge.value()).toBe(1);
    registry.resetAll();
    expect(gauge.value()).toBe(1);
    gauge.remove({});
    expect(gauge.value()).toBe(1);
    count.end();
    expect(gauge.value()).toBe(0);
  });

  it('adds up beyond the series limit', () => {
    const { registry, gauge } = gaugeOf({ seriesLimit: 1 });
    const counts = ['a', 'b', 'c'].map((kind) => gauge.active({ kind }));
    const values = () => scalars(registry, 'work').map(({ value }) => value);
    for (const count of counts) count.begin();
    expect(values()).toEqual([1, 2]);
    expect(values()).toEqual([1, 2]);
    registry.resetAll();
    expect(values()).toEqual([1, 2]);
    for (const count of counts) count.end();
    expect(values()).toEqual([0, 0]);
  });

  it('is right after any resets, removals and reads', () => {
    const step = fc.record({
      kind: fc.constantFrom('a', 'b', 'c'),
      what: fc.constantFrom('begin', 'begin', 'end', 'reset', 'remove', 'read', 'other'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { registry, gauge } = gaugeOf();
        const expected: Record<string, number> = { a: 0, b: 0, c: 0 };
        let others = 0;
        for (const { kind, what } of steps) {
          const count = gauge.active({ kind });
          if (what === 'begin') {
            count.begin();
            expected[kind]!++;
          } else if (what === 'end' && expected[kind]! > 0) {
            count.end();
            expected[kind]!--;
          } else if (what === 'reset') registry.resetAll();
          else if (what === 'remove') gauge.remove({ kind });
          else if (what === 'read') gauge.value({ kind });
          // Many series that come and go make the rows move.
          else if (what === 'other') {
            for (let i = 0; i < 70; i++) gauge.set({ kind: `o${others}` }, i);
            for (let i = 0; i < 70; i++) gauge.inc({ kind: `o${others++}` });
            for (let i = others - 70; i < others; i++) gauge.remove({ kind: `o${i}` });
          }
        }
        for (const [kind, value] of Object.entries(expected)) {
          expect(gauge.value({ kind })).toBe(value);
        }
      }),
    );
  });
});
