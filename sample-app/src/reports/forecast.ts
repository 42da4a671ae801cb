/** What open deals may bring, in cents: in one of ten cases at most, mostly, and in nine of ten at most. */
export interface Forecast {
  lowCents: number;
  medianCents: number;
  highCents: number;
}

const RUNS = 300_000;

/**
 * Plays many times which deals are won. A planted fault: it computes for half a second without awaiting anything, and
 * the whole application waits for it.
 */
export function simulateRevenue(amountsCents: readonly number[], chance: number): Forecast {
  const revenues = new Float64Array(RUNS);
  for (let run = 0; run < RUNS; run++) {
    let revenue = 0;
    for (const amount of amountsCents) if (Math.random() < chance) revenue += amount;
    revenues[run] = revenue;
  }
  revenues.sort();
  const quantile = (share: number): number => revenues[Math.floor(share * (RUNS - 1))] ?? 0;
  return { lowCents: quantile(0.1), medianCents: quantile(0.5), highCents: quantile(0.9) };
}
