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
