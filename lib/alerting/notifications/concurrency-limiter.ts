/** A limiter that runs tasks in the order of their arrival, a limited number at a time. */
export class ConcurrencyLimiter {
  private readonly waiting: (() => void)[] = [];

  /** @param free the maximum number of tasks that run at the same time */
  constructor(private free: number) {}

  /** Runs a task as soon as there is room. @returns the result of the task */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.free++;
      else next();
    }
  }
}
