/** A limiter that runs tasks in the order of their arrival, a limited number at a time. */
export class ConcurrencyLimiter {
  private readonly waiting: (() => void)[] = [];

  /**
   * @param free the maximum number of tasks that run at the same time
   * @param freeSlow the maximum number of further tasks that run at the same time because they are slow
   */
  constructor(
    private free: number,
    private freeSlow: number,
  ) {}

  /**
   * Runs a task as soon as there is room. A task that turns out to be slow may call `giveWay()`, which lets another one
   * run beside it.
   *
   * @returns the result of the task
   */
  async run<T>(task: (giveWay: () => void) => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    let isSlow = false;
    try {
      return await task(() => {
        if (isSlow || this.freeSlow === 0) return;
        isSlow = true;
        this.freeSlow--;
        this.runNext();
      });
    } finally {
      if (isSlow) this.freeSlow++;
      else this.runNext();
    }
  }

  private runNext(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free++;
    else next();
  }
}
