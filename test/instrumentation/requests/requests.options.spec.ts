import { describe, expect, it } from '@jest/globals';
import { resolveRequests } from '../../../lib/instrumentation/requests/requests.options.js';

describe('the options of records', () => {
  it.each([
    ['development', 1],
    ['test', 1],
    ['production', 0.02],
    ['staging', 0.02],
    [undefined, 0.02],
  ])('sample in the environment %s at a rate of %d', (environment, sampleRate) => {
    expect(resolveRequests({}, environment).records).toMatchObject({ sampleRate });
  });

  it('keep the rate that is given in every environment', () => {
    const options = { records: { sampleRate: 0.5 } };
    for (const environment of ['development', 'production']) {
      expect(resolveRequests(options, environment).records).toMatchObject({ sampleRate: 0.5 });
    }
  });

  it('are off where they are switched off', () => {
    expect(resolveRequests(false, 'test')).toEqual({ records: false, serverTiming: false });
    expect(resolveRequests({ records: false }, 'test').records).toBe(false);
  });
});
