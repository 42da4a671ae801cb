/**
 * How many inputs each property is tried with: a share of FUZZ_RUNS, which is 100 unless it is set. A failure prints
 * the seed and the path that make it happen again.
 */
export function runs(share = 1): { numRuns: number } {
  const given = Number(process.env['FUZZ_RUNS'] ?? 100);
  return { numRuns: Math.max(1, Math.round(given * share)) };
}
