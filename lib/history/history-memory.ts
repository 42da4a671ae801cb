/** A share of the history memory from which one metric reserves. */
export interface MemoryBudget {
  /** Reserved memory, in bytes. */
  readonly bytes: number;
  /**
   * Reserves memory, if there is enough.
   *
   * @param bytes returns the amount; called again after other samples, possibly of the same metric, were evicted
   * @returns true if the memory was reserved
   */
  reserve(bytes: () => number): boolean;
  release(bytes: number): void;
}

/** The memory of all histories together, and its limit. */
export class HistoryMemory {
  private reserved = 0;

  constructor(private readonly maxBytes: number) {}

  get bytes(): number {
    return this.reserved;
  }

  private get free(): number {
    return this.maxBytes - this.reserved;
  }

  /** Returns true if a reservation of this size leaves an eighth of the memory free for required samples. */
  isAmple(bytes: number): boolean {
    return this.free - bytes >= this.maxBytes / 8;
  }

  /**
   * Creates a budget.
   *
   * @param eviction returns the function that frees memory when there is too little, if this budget may evict
   */
  budget(eviction: () => ((bytes: number) => void) | false | undefined): MemoryBudget {
    let own = 0;
    return {
      get bytes() {
        return own;
      },
      reserve: (bytes) => {
        const evict = eviction();
        if (evict && bytes() > this.free) evict(bytes() - this.free);
        if (bytes() > this.free) return false;
        const amount = bytes();
        this.reserved += amount;
        own += amount;
        return true;
      },
      release: (bytes) => {
        this.reserved -= bytes;
        own -= bytes;
      },
    };
  }
}
