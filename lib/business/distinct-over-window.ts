import { HyperLogLog } from './hyperloglog.js';

/** Number of slots in a window, which is the number of steps in which it moves. */
const SLOTS = 12;

/**
 * An estimate of the number of distinct strings seen in a sliding window. The window has 12 slots and drops them whole, so
 * that the estimate covers the window and up to a twelfth more. Each slot with a string takes 16 kB.
 */
export class DistinctOverWindow {
  private readonly slotMs: number;
  private readonly slots = new Map<number, HyperLogLog>();

  constructor(windowMs: number) {
    this.slotMs = windowMs / SLOTS;
  }

  /** @param now time in milliseconds since the Unix epoch */
  add(text: string, now: number): void {
    const current = Math.floor(now / this.slotMs);
    let slot = this.slots.get(current);
    if (slot === undefined) {
      this.dropBefore(current - SLOTS);
      slot = new HyperLogLog();
      this.slots.set(current, slot);
    }
    slot.add(text);
  }

  estimate(now: number): number {
    const current = Math.floor(now / this.slotMs);
    this.dropBefore(current - SLOTS);
    const all = new HyperLogLog();
    for (const slot of this.slots.values()) all.merge(slot);
    return Math.round(all.estimate());
  }

  private dropBefore(oldest: number): void {
    for (const slot of this.slots.keys()) {
      // A slot far in the future was added before the clock was set back.
      if (slot < oldest || slot > oldest + 2 * SLOTS) this.slots.delete(slot);
    }
  }
}
