/** What was measured, over all rounds. */
export interface Measured {
  readonly median: number;
  /** The quartiles below and above the median. */
  readonly low: number;
  readonly high: number;
}

export function summary(values: readonly number[]): Measured {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

/**
 * Nanoseconds per turn of each loop. The loops take turns, so that whatever else the machine does hits all of
 * them alike, and each turn is long enough for the clock.
 */
export function measureLoops(
  loops: Readonly<Record<string, (times: number) => void>>,
  { rounds, roundMs }: { rounds: number; roundMs: number },
): Record<string, Measured> {
  const subjects = Object.entries(loops).map(([name, loop]) => {
    loop(10_000);
    const startedAt = performance.now();
    loop(20_000);
    const perTurn = (performance.now() - startedAt) / 20_000;
    return { name, loop, times: Math.max(1_000, Math.round(roundMs / perTurn)), values: [] as number[] };
  });
  for (let round = -1; round < rounds; round++) {
    for (const { loop, times, values } of subjects) {
      const startedAt = performance.now();
      loop(times);
      const nanoseconds = ((performance.now() - startedAt) / times) * 1e6;
      // The first round warms up.
      if (round >= 0) values.push(nanoseconds);
    }
  }
  return Object.fromEntries(subjects.map(({ name, values }) => [name, summary(values)]));
}

/** Milliseconds that each task takes; the tasks take turns. */
export async function measureTasks(
  tasks: Readonly<Record<string, () => Promise<unknown>>>,
  rounds: number,
  before: (name: string) => void = () => undefined,
): Promise<Record<string, Measured>> {
  const values = new Map(Object.keys(tasks).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, task] of Object.entries(tasks)) {
      before(name);
      const startedAt = performance.now();
      await task();
      values.get(name)?.push(performance.now() - startedAt);
    }
  }
  return Object.fromEntries([...values].map(([name, measured]) => [name, summary(measured)]));
}
