import { PerformanceObserver } from 'node:perf_hooks';

const MAX_COLLECTIONS = 200;
/** Number of turns of the event loop after which Node has reported a collection. */
const TURNS = 3;

/** The last collections of garbage. */
export class RecentCollections {
  private observer: PerformanceObserver | undefined;
  private readonly recent: { readonly startTime: number; readonly duration: number }[] = [];

  start(): void {
    this.observer = new PerformanceObserver((list) => {
      this.recent.push(...list.getEntries().slice(-MAX_COLLECTIONS));
      this.recent.splice(0, this.recent.length - MAX_COLLECTIONS);
    });
    this.observer.observe({ entryTypes: ['gc'] });
  }

  stop(): void {
    this.observer?.disconnect();
    this.observer = undefined;
    this.recent.length = 0;
  }

  /** Calls back once the collections until now are known, which Node reports some turns of the event loop later. */
  whenKnown(callback: () => void, turns = TURNS): void {
    if (turns === 0) callback();
    else setImmediate(() => this.whenKnown(callback, turns - 1));
  }

  /** Returns the time of garbage collection between two times on the clock of `performance.now()`, in milliseconds. */
  msBetween(from: number, until: number): number {
    let sum = 0;
    for (const { startTime, duration } of this.recent) {
      sum += Math.max(0, Math.min(until, startTime + duration) - Math.max(from, startTime));
    }
    return sum;
  }
}
