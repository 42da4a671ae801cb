import { describe, expect, it } from '@jest/globals';
import { isIncluded, unionOf } from '../../lib/cluster/exponential-histogram-filter.js';

describe('a filter of exponential histograms', () => {
  it('includes all metrics, none, or those that it names', () => {
    expect([isIncluded(true, 'a'), isIncluded(false, 'a')]).toEqual([true, false]);
    expect([isIncluded(['a'], 'a'), isIncluded(['a'], 'b')]).toEqual([true, false]);
  });

  it('joined with another one includes what either does', () => {
    expect([unionOf(true, ['a']), unionOf(['a'], true), unionOf(true, false)]).toEqual([true, true, true]);
    expect([unionOf(false, ['a']), unionOf(['a'], false), unionOf(false, false)]).toEqual([
      ['a'],
      ['a'],
      false,
    ]);
    expect(unionOf(['a', 'b'], ['b', 'c'])).toEqual(['a', 'b', 'c']);
  });
});
