/** Runs tasks in the order in which they come, a few at a time. */
export class Lanes {
  private readonly waiting: (() => void)[] = [];

  /** @param free how many tasks may run at a time */
  constructor(private free: number) {}

  /** Runs a task as soon as there is room. @returns what the task does */
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
