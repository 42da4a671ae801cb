import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { oddText, scalars, testRegistry } from './support.js';

const LABEL_NAMES = ['a', 'b', 'constructor'] as const;
type Tuple = [string, string, string];
const tuple: fc.Arbitrary<Tuple> = fc.tuple(oddText, oddText, oddText);

function labelled() {
  const { registry } = testRegistry({ seriesLimit: Infinity });
  const counter = registry.counter('c_total', 'C.', { labelNames: LABEL_NAMES });
  /** Every series as `{ 'its label values as JSON': value }`. */
  const series = () =>
    scalars(registry, 'c_total').map(({ labels, value }): [string, number] => {
      expect(Object.keys(labels)).toEqual(LABEL_NAMES);
      return [JSON.stringify(LABEL_NAMES.map((name) => labels[name])), value];
    });
  return { counter, series };
}

const toLabels = ([a, b, constructor]: Tuple) => ({ a, b, constructor });
/** What identifies a series: the text as it is on the wire. */
const keyOf = (values: Tuple): string => JSON.stringify(values.map((value) => value.toWellFormed()));

describe('the identity of a series', () => {
  it('is the same if and only if every label value is the same', () => {
    fc.assert(
      fc.property(fc.array(tuple, { maxLength: 60, size: 'max' }), (tuples) => {
        const { counter, series } = labelled();
        const expected = new Map<string, number>();
        for (const values of tuples) {
          counter.inc(toLabels(values));
          expected.set(keyOf(values), (expected.get(keyOf(values)) ?? 0) + 1);
        }
        expect(series()).toEqual([...expected]);
        expect(tuples.map((values) => counter.value(toLabels(values)))).toEqual(
          tuples.map((values) => expected.get(keyOf(values))),
        );
      }),
    );
  });

  it.each([
    [
      ['a,b', '', ''],
      ['a', 'b', ''],
    ],
    [
      ['a"', '', ''],
      ['a\\"', '', ''],
    ],
    [
      ['\\n', '', ''],
      ['\n', '', ''],
    ],
    [
      ['x', '', ''],
      ['', 'x', ''],
    ],
    [
      ['', 'x|y', ''],
      ['', 'x', 'y'],
    ],
    [
      ['é', '', ''],
      ['e\u0301', '', ''],
    ],
    [
      ['A', '', ''],
      ['a', '', ''],
    ],
    [
      ['undefined', '', ''],
      ['', '', ''],
    ],
  ] as [Tuple, Tuple][])('is another for %j and %j', (one, other) => {
    const { counter } = labelled();
    counter.inc(toLabels(one));
    expect(counter.value(toLabels(other))).toBe(0);
    counter.inc(toLabels(other));
    expect(counter.seriesCount).toBe(2);
  });

  it('is the same for all lone surrogates', () => {
    const { counter, series } = labelled();
    for (const a of ['\ud800', '\udfff', '\ufffd']) counter.inc({ a, b: '', constructor: '' });
    expect(series()).toEqual([['["\ufffd","",""]', 3]]);
  });

  it('does not depend on the order of labels, and a missing one is empty', () => {
    fc.assert(
      fc.property(tuple, fc.shuffledSubarray([...LABEL_NAMES]), (values, names) => {
        const { counter } = labelled();
        const labels = toLabels(values);
        counter.inc(labels);
        const given = Object.fromEntries(names.map((name) => [name, labels[name]])) as typeof labels;
        const whole = toLabels(['', '', '']);
        for (const name of names) whole[name] = labels[name];
        expect(counter.value(given)).toBe(counter.value(whole));
        counter.labels(given).inc();
        counter.inc(whole);
        expect(counter.value(whole)).toBe(
          keyOf([whole.a, whole.b, whole.constructor]) === keyOf(values) ? 3 : 2,
        );
      }),
    );
  });

  it('does not change with the labels object after the sample', () => {
    const { counter, series } = labelled();
    const labels = toLabels(['1', '2', '3']);
    const bound = counter.labels(labels);
    counter.inc(labels);
    labels.a = 'changed';
    bound.inc();
    counter.remove(toLabels(['1', '2', '3']));
    bound.inc();
    expect(series()).toEqual([['["1","2","3"]', 1]]);
  });

  it('is the same for a number or boolean as for its text, however often it is used', () => {
    const { counter, series } = labelled();
    const given = fc.oneof(fc.integer(), fc.double(), fc.boolean(), fc.constantFrom(-0, NaN, 0.1, 1e21, 200));
    fc.assert(
      fc.property(fc.array(given), (values) => {
        counter.reset();
        const expected = new Map<string, number>();
        for (const value of [...values, ...values]) {
          const key = JSON.stringify([String(value), 'GET', '']);
          counter.inc({ a: value, b: 'GET', constructor: '' });
          counter.inc({ a: String(value), b: 'GET', constructor: '' }, 2);
          counter.inc({ b: 'GET', a: value, constructor: null }, 4);
          expected.set(key, (expected.get(key) ?? 0) + 7);
        }
        expect(new Map(series())).toEqual(expected);
      }),
    );
  });

  it('is asked of an object at each sample, since its text may change', () => {
    const { counter, series } = labelled();
    let calls = 0;
    const changing = { toString: () => `call ${++calls % 2}` };
    for (let i = 0; i < 4; i++) counter.inc({ a: changing as never, b: '', constructor: '' });
    expect(series()).toEqual([
      ['["call 1","",""]', 2],
      ['["call 0","",""]', 2],
    ]);
  });

  it('stays the same while the labels get more values than 32 bits can tell apart', () => {
    const names = ['a', 'b', 'c', 'd', 'e'] as const;
    const { registry } = testRegistry({ seriesLimit: Infinity });
    const counter = registry.counter('c_total', 'C.', { labelNames: names });
    const bound = counter.labels({ a: '0', b: '0', c: '0', d: '0', e: '0' });
    const tuples = Array.from({ length: 4_000 }, (_, i) =>
      [i, i >> 1, i * 7, i * 13, i >> 3].map((value) => String(value % 900)),
    );
    const model = new Map<string, number>([[JSON.stringify(['0', '0', '0', '0', '0']), 0]]);
    const labels = ([a = '', b = '', c = '', d = '', e = '']: string[]) => ({ a, b, c, d, e });
    const values = () =>
      scalars(registry, 'c_total').map((read): [string, number] => [
        JSON.stringify(names.map((name) => read.labels[name])),
        read.value,
      ]);
    for (const [i, one] of tuples.entries()) {
      const key = JSON.stringify(one);
      counter.inc(labels(one));
      bound.inc();
      model.set(key, (model.get(key) ?? 0) + 1);
      model.set('["0","0","0","0","0"]', model.get('["0","0","0","0","0"]')! + 1);
      if (i % 3 === 2)
        expect(counter.remove(labels(tuples[i - 1]!))).toBe(model.delete(JSON.stringify(tuples[i - 1])));
      if (i % 1_000 === 999) expect(new Map(values())).toEqual(model);
    }
    for (const one of tuples) {
      counter.inc(labels(one), 2);
      const key = JSON.stringify(one);
      model.set(key, (model.get(key) ?? 0) + 2);
    }
    expect(new Map(values())).toEqual(model);
    expect(counter.seriesCount).toBe(model.size);
  });

  it('stays correct while series are added and removed', () => {
    const some = fc.integer({ min: 0, max: 120 }).map((i): Tuple => [`${i % 11}`, `${i}`, '']);
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ act: fc.constant('inc' as const), values: some }) },
      { weight: 2, arbitrary: fc.record({ act: fc.constant('bind' as const), values: some }) },
      { weight: 4, arbitrary: fc.record({ act: fc.constant('bound' as const), values: some }) },
      { weight: 6, arbitrary: fc.record({ act: fc.constant('remove' as const), values: some }) },
      { weight: 1, arbitrary: fc.record({ act: fc.constant('reset' as const), values: some }) },
    );
    const steps = fc.array(step, { minLength: 200, maxLength: 600, size: 'max' });
    fc.assert(
      fc.property(steps, (script) => {
        const { counter, series } = labelled();
        const bound = new Map<string, ReturnType<typeof counter.labels>>();
        const model = new Map<string, number>();
        const removed: [boolean, boolean][] = [];
        for (const { act, values } of script) {
          const key = keyOf(values);
          const add = (by: number) => model.set(key, (model.get(key) ?? 0) + by);
          if (act === 'remove') removed.push([counter.remove(toLabels(values)), model.delete(key)]);
          else if (act === 'reset') {
            counter.reset();
            model.clear();
          } else if (act === 'bind') {
            bound.set(key, counter.labels(toLabels(values)));
            add(0);
          } else if (act === 'bound' && bound.has(key)) {
            bound.get(key)!.inc();
            add(1);
          } else {
            counter.inc(toLabels(values), 2);
            add(2);
          }
        }
        expect(removed.filter(([done, expected]) => done !== expected)).toEqual([]);
        expect(new Map(series())).toEqual(model);
        expect(counter.seriesCount).toBe(model.size);
      }),
      { numRuns: 60 },
    );
  });
});
