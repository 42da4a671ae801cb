import { describe, expect, it } from '@jest/globals';
import { OptionsMerger } from '../../lib/module/options-merger.js';

describe('the error of two imports with different options', () => {
  it.each([
    [{ enabled: true }, { seriesLimit: 5 }, false],
    [{ enabled: false }, { seriesLimit: 5 }, true],
  ])('names the test kit only if one of them is off: %j and %j', (first, second, isHinted) => {
    const merger = new OptionsMerger(() => 2);
    merger.add(first);
    const hint = isHinted ? /MonitoringTestingModule/ : /^(?!.*MonitoringTestingModule)/;
    expect(() => merger.add(second)).toThrow(hint);
  });
});
