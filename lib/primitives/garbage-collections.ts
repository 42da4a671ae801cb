import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { processWide } from './process-wide.js';

/** A garbage collection that has ended. */
export interface GarbageCollection {
  /** Kind as in `perf_hooks.constants`, such as `NODE_PERFORMANCE_GC_MAJOR`. */
  readonly kind: number;
  readonly durationMs: number;
  readonly isMajor: boolean;
}

interface GcEntry extends PerformanceEntry {
  readonly detail: { readonly kind: number };
}

/**
 * The garbage collections of this process for all that ask, since each observer of Node wakes the process by itself. It
 * observes them while anybody listens.
 */
export class GarbageCollections {
  private readonly listeners = new Set<(collection: GarbageCollection) => void>();
  private observer: PerformanceObserver | undefined;

  /** Returns the garbage collections of this process. */
  static shared(): GarbageCollections {
    return processWide('garbageCollections', () => new GarbageCollections());
  }

  /**
   * Calls a listener with each garbage collection from now on, in a later turn of the event loop. The listener must not
   * throw.
   *
   * @returns a function that ends it
   */
  listen(listener: (collection: GarbageCollection) => void): () => void {
    // Earlier collections are for the earlier listeners only.
    this.flush();
    this.listeners.add(listener);
    if (this.observer === undefined) {
      this.observer = new PerformanceObserver((list) => this.deliver(list.getEntries()));
      this.observer.observe({ entryTypes: ['gc'] });
    }
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size > 0) return;
      this.observer?.disconnect();
      this.observer = undefined;
    };
  }

  /** Delivers the garbage collections that Node has not delivered yet. */
  flush(): void {
    this.deliver(this.observer?.takeRecords() ?? []);
  }

  private deliver(entries: readonly PerformanceEntry[]): void {
    for (const { detail, duration } of entries as readonly GcEntry[]) {
      const isMajor = detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
      for (const listener of this.listeners) listener({ kind: detail.kind, durationMs: duration, isMajor });
    }
  }
}
