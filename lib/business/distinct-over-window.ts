import { HyperLogLog } from './hyperloglog.js';

/** A window moves in so many steps. */
const SLOTS = 12;

/**
 * Estimates how many different texts were seen in a window that moves. It forgets what is older by whole slots, of
 * which a window has 12: what was seen in the window is in the estimate, and of what was seen before it at most a
 * twelfth of the window's length. Each slot takes 16 kB while somebody was seen in it.
 */
export class DistinctOverWindow {
  private readonly slotMs: number;
  private readonly slots = new Map<number, HyperLogLog>();

  constructor(windowMs: number) {
    this.slotMs = windowMs / SLOTS;
  }

  /** @param now in milliseconds since the Unix epoch */
  add(text: string, now: number): void {
    const current = Math.floor(now / this.slotMs);
    let slot = this.slots.get(current);
    if (slot === undefined) {
      this.forgetBefore(current - SLOTS);
      slot = new HyperLogLog();
      this.slots.set(current, slot);
    }
    slot.add(text);
  }

  estimate(now: number): number {
    const current = Math.floor(now / this.slotMs);
    this.forgetBefore(current - SLOTS);
    const all = new HyperLogLog();
    for (const slot of this.slots.values()) all.merge(slot);
    return Math.round(all.estimate());
  }

  private forgetBefore(oldest: number): void {
    for (const slot of this.slots.keys()) {
      // One that is far ahead is of a clock that was set back since.
      if (slot < oldest || slot > oldest + 2 * SLOTS) this.slots.delete(slot);
    }
  }
}
