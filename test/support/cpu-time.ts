/**
 * Runs work several times, and returns the least time of the processor that it took, in milliseconds. What else the
 * machine does meanwhile is not counted.
 */
export function leastCpuMs(work: () => unknown, runs = 5): number {
  const times = Array.from({ length: runs }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.min(...times);
}

/** The least time of the processor for which two pieces of work are compared, in milliseconds. */
const LEAST_COMPARED_MS = 5;

/**
 * Returns how many times the time of one piece of work another one takes. The least of several comparisons, since what else
 * the process does meanwhile, such as collecting garbage, comes to one of the two.
 */
export function leastRatio(one: () => unknown, other: () => unknown, comparisons = 5): number {
  const timed = (work: () => unknown, times: number): number =>
    leastCpuMs(() => {
      for (let i = 0; i < times; i++) work();
    }, 1);
  let times = 1;
  while (timed(one, times) < LEAST_COMPARED_MS) times *= 2;
  const ratios = Array.from({ length: comparisons }, () => timed(other, times) / timed(one, times));
  return Math.min(...ratios);
}
