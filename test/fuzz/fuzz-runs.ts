import { jest } from '@jest/globals';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 100);

/**
 * How many inputs a property is tried with: FUZZ_RUNS, which is 100 unless it is set, times `share`. A failure prints
 * the seed and the path that make it happen again.
 */
export function runs(share = 1): { numRuns: number } {
  return { numRuns: Math.max(1, Math.round(RUNS * share)) };
}

// More of them take longer.
jest.setTimeout(60_000 * Math.max(1, RUNS / 100));
