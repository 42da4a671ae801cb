import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  errorTypeOf,
  InvalidAnswerError,
  LargeAnswerError,
  MAX_SERIES,
  readAnswer,
} from '../../../lib/dashboard/fleet/prometheus-answer.js';
import { anyText } from '../../support/any-text.js';

const success = (data: unknown): string => JSON.stringify({ status: 'success', data });
const vector = (result: unknown): string => success({ resultType: 'vector', result });

describe('an answer of Prometheus', () => {
  it('is read with every number that Go writes', () => {
    const values = [
      [1, '1'],
      [2, '-0.5e-07'],
      [3, 'NaN'],
      [4, '+Inf'],
      [5, '-Inf'],
    ];
    const [series] = readAnswer(success({ resultType: 'matrix', result: [{ metric: { a: 'b' }, values }] }));
    expect(series).toEqual({
      labels: { a: 'b' },
      times: [1, 2, 3, 4, 5],
      values: [1, -0.5e-7, NaN, Infinity, -Infinity],
    });
  });

  it('may have native histograms, which are left out', () => {
    const histogram = { metric: {}, histogram: [1, { count: '1', sum: '2' }] };
    expect(readAnswer(vector([histogram, { metric: {}, value: [1, '2'] }]))).toHaveLength(1);
  });

  it('returns the series that were written, whatever their labels and values', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            labels: fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), anyText({ maxLength: 40 }), {
              maxKeys: 5,
              noNullPrototype: true,
            }),
            points: fc.array(fc.tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.double()), {
              maxLength: 5,
            }),
          }),
          { maxLength: 5 },
        ),
        (all) => {
          const result = all.map(({ labels, points }) => ({
            metric: labels,
            values: points.map(([time, value]) => [time, String(value).replace('Infinity', 'Inf')]),
          }));
          const read = readAnswer(success({ resultType: 'matrix', result }));
          expect(read).toEqual(
            all.map(({ labels, points }) => ({
              labels: { ...labels },
              times: points.map(([time]) => time + 0),
              values: points.map(([, value]) => Number(String(value))),
            })),
          );
        },
      ),
    );
  });

  it.each([
    ['no JSON', '<html>'],
    ['nothing', ''],
    ['null', 'null'],
    ['an error', JSON.stringify({ status: 'error', data: { resultType: 'vector', result: [] } })],
    ['no data', JSON.stringify({ status: 'success' })],
    ['a scalar', success({ resultType: 'scalar', result: [1, '2'] })],
    ['a result that is no list', vector({})],
    ['a series that is none', vector([7])],
    ['a series without labels', vector([{ value: [1, '2'] }])],
    ['a label that is no text', vector([{ metric: { a: 1 }, value: [1, '2'] }])],
    ['a value that is a number', vector([{ metric: {}, value: [1, 2] }])],
    ['a value that is no number', vector([{ metric: {}, value: [1, 'two'] }])],
    ['an empty value', vector([{ metric: {}, value: [1, ''] }])],
    ['a time that is a text', vector([{ metric: {}, value: ['1', '2'] }])],
    [
      'too many labels',
      vector([
        { metric: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`l${i}`, ''])), value: [1, '2'] },
      ]),
    ],
  ])('is refused if it is %s', (_, text) => {
    expect(() => readAnswer(text)).toThrow(InvalidAnswerError);
  });

  it('is bounded in the number of series and in the length of a label', () => {
    const one = { metric: {}, value: [1, '2'] };
    expect(() => readAnswer(vector(Array.from({ length: MAX_SERIES + 1 }, () => one)))).toThrow(
      LargeAnswerError,
    );
    const [series] = readAnswer(vector([{ metric: { a: 'x'.repeat(5_000) }, value: [1, '2'] }]));
    expect(series?.labels['a']).toBe(`${'x'.repeat(1_023)}…`);
  });
});

describe('the kind of an error', () => {
  it.each([
    ['{"errorType":"bad_data","error":"secret"}', 'bad_data'],
    ['{"errorType":"<script>"}', undefined],
    ['{"errorType":7}', undefined],
    ['busy', undefined],
    ['null', undefined],
  ])('in %s is %s', (text, kind) => expect(errorTypeOf(text)).toBe(kind));
});
