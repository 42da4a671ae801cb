import type { MemoryReport } from './memory-report.js';
import type { MemoryObserver } from './memory.observer.js';

const OFF: MemoryReport = {
  status: 'off',
  cause: 'The growth of the memory is not observed.',
  bytesPerHour: 0,
  grownBytes: 0,
  sites: [],
  allocationSites: 'off',
  counts: [],
  listeners: [],
  windows: [],
};

/** The growth of the memory that is in use after garbage collection. Inject it to read it. */
export class MemoryGrowth {
  constructor(private readonly observer?: MemoryObserver) {}

  /** Returns the state of the memory; its status is `off` if `diagnostics.memory` is false. */
  report(): MemoryReport {
    return this.observer?.report() ?? OFF;
  }
}
