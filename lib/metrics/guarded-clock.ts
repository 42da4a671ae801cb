import type { Guard } from '../primitives/guard.js';
import { type Clock, systemClock } from './clock.js';

/** A clock of the application with the system clock as its fallback, for when it throws or returns no valid time. */
class GuardedClock implements Clock {
  private guard: (() => Guard) | undefined;
  private unreported: unknown[] = [];
  private isReporting = false;
  private latest = -Infinity;
  /** The offset to the system clock, once the system clock has permanently replaced the monotonic clock. */
  private offset: number | undefined;

  constructor(private readonly clock: Clock) {}

  /** Returns the time of the clock, or of the system clock if the clock fails. */
  now(): number {
    try {
      const time: unknown = this.clock.now();
      if (isTime(time)) return time;
      this.failed(new TypeError(`clock.now() must return a number of milliseconds; got ${typeName(time)}.`));
    } catch (error) {
      this.failed(error);
    }
    return systemClock.now();
  }

  /** Returns a time that never goes backwards. From the first failure on, it is that of the system clock. */
  monotonic(): number {
    if (this.offset !== undefined) return systemClock.monotonic() + this.offset;
    try {
      const time: unknown = this.clock.monotonic();
      if (isTime(time) && time >= this.latest) return (this.latest = time);
      this.failed(
        new TypeError(
          `clock.monotonic() must return a number of milliseconds that never decreases; got ${typeName(time)} after ${this.latest}.`,
        ),
      );
    } catch (error) {
      this.failed(error);
    }
    // Continues from the last valid time, so that durations in progress stay correct.
    const start = systemClock.monotonic();
    this.offset = this.latest === -Infinity ? 0 : this.latest - start;
    return start + this.offset;
  }

  /** Sets the guard that failures are reported to, including earlier ones. */
  reportTo(guard: () => Guard): void {
    this.guard = guard;
    for (const error of this.unreported.splice(0)) this.failed(error);
  }

  private failed(error: unknown): void {
    // The report itself reads the clock.
    if (this.isReporting) return;
    if (this.guard === undefined) {
      if (this.unreported.length < MAX_UNREPORTED) this.unreported.push(error);
      return;
    }
    this.isReporting = true;
    try {
      this.guard().report(error);
    } finally {
      this.isReporting = false;
    }
  }
}

const MAX_UNREPORTED = 10;

/**
 * Returns a clock that never fails: the given one, with the system clock as its fallback.
 *
 * @param guard returns the guard for failures; without it, they are reported once this is called again with one
 */
export function guardedClock(clock: Clock, guard?: () => Guard): Clock {
  if (clock === systemClock) return clock;
  const guarded = clock instanceof GuardedClock ? clock : new GuardedClock(clock);
  if (guard !== undefined) guarded.reportTo(guard);
  return guarded;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function typeName(value: unknown): string {
  return typeof value === 'number' ? String(value) : typeof value;
}
