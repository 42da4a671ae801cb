import type { Budget } from './family-history.js';

/** How much memory all histories take together, and how much they may. */
export class HistoryMemory {
  private taken = 0;

  constructor(private readonly maxBytes: number) {}

  get bytes(): number {
    return this.taken;
  }

  get free(): number {
    return this.maxBytes - this.taken;
  }

  /** Whether there is room for so much more, and then still some for what must not wait. */
  isAmple(bytes: number): boolean {
    return this.free - bytes >= this.maxBytes / 8;
  }

  /** @param makeRoom what is tried if there is not enough left, if anything: to free so many bytes */
  budget(makeRoom: () => ((bytes: number) => void) | false | undefined): Budget {
    return {
      take: (bytes) => {
        const room = makeRoom();
        if (room && bytes() > this.free) room(bytes() - this.free);
        if (bytes() > this.free) return false;
        this.taken += bytes();
        return true;
      },
      release: (bytes) => {
        this.taken -= bytes;
      },
    };
  }
}
