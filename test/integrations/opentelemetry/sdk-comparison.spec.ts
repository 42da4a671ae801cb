import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { firstDifference, steps } from './sdk-comparison.js';

describe('random calls of the metrics API of OpenTelemetry', () => {
  it('expose what the SDK and its Prometheus exporter expose', async () => {
    const isSame = fc.asyncProperty(steps, async (calls) => {
      expect(await firstDifference(calls)).toBeUndefined();
    });
    await fc.assert(isSame, { numRuns: 300 });
  });
});
