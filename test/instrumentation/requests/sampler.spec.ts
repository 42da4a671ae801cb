import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Sampler } from '../../../lib/instrumentation/requests/sampler.js';

describe('the sampling of operations', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('takes the operations of a slice of time together, so that many that run at once are recorded or none', () => {
    const sampler = new Sampler(0.3, 10);
    let random = 0;
    jest.spyOn(Math, 'random').mockImplementation(() => (random = (random + 0.37) % 1));
    const slices: boolean[] = [];
    for (let slice = 0, now = 0; slice < 1_000; slice++, now += 100) {
      // The first ten of each second are recorded in any case.
      if (slice % 10 === 0) for (let i = 0; i < 10; i++) sampler.samples(now);
      const sampled = [0, 30, 60, 99].map((after) => sampler.samples(now + after));
      expect(new Set(sampled).size).toBe(1);
      slices.push(sampled[0]!);
    }
    expect(slices.filter(Boolean).length / slices.length).toBeCloseTo(0.3, 1);
  });

  it.each([
    // Twenty in each of five seconds.
    [1e-9, 50],
    [0, 0],
    [1, 100],
  ])(
    'takes the first ten of each second, but for none: at a rate of %d, %i of a hundred',
    (rate, expected) => {
      const sampler = new Sampler(rate, 10);
      let sampled = 0;
      for (let i = 0; i < 100; i++) if (sampler.samples(50 * i)) sampled++;
      expect(sampled).toBe(expected);
    },
  );

  it('goes on when the clock goes back, and never fails for one that is broken', () => {
    const sampler = new Sampler(0.5, 10);
    jest.spyOn(Math, 'random').mockReturnValue(0.1);
    for (let i = 0; i < 20; i++) sampler.samples(1_000_000);
    expect(sampler.samples(5)).toBe(true);
    expect(sampler.samples(NaN)).toBe(true);
  });
});
