import type { Guard } from '../primitives/guard.js';
import { type Clock, systemClock } from './clock.js';

/**
 * A clock of the application that may fail: one that throws, or answers with what is no time. The clock of the machine
 * stands in for it.
 */
class GuardedClock implements Clock {
  private guard: (() => Guard) | undefined;
  private unreported: unknown[] = [];
  private isReporting = false;
  private latest = -Infinity;
  /** What is added to the clock of the machine, once that has taken over for good. */
  private offset: number | undefined;

  constructor(private readonly clock: Clock) {}

  /** Returns the time; that of the machine while the clock fails. */
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

  /** Returns a time that never goes backwards; by the clock of the machine from the first failure on. */
  monotonic(): number {
    if (this.offset !== undefined) return systemClock.monotonic() + this.offset;
    try {
      const time: unknown = this.clock.monotonic();
      if (isTime(time) && time >= this.latest) return (this.latest = time);
      this.failed(
        new TypeError(
          `clock.monotonic() must return a number of milliseconds that never falls; got ${typeName(time)} after ${this.latest}.`,
        ),
      );
    } catch (error) {
      this.failed(error);
    }
    // Durations that are being taken go on from the last time that was known.
    const start = systemClock.monotonic();
    this.offset = this.latest === -Infinity ? 0 : this.latest - start;
    return start + this.offset;
  }

  /** Reports failures to a guard, those included that came before there was one. */
  reportTo(guard: () => Guard): void {
    this.guard = guard;
    for (const error of this.unreported.splice(0)) this.failed(error);
  }

  private failed(error: unknown): void {
    // The report itself asks for the time.
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
 * Returns a clock that never fails: the one given, with the clock of the machine in its place where it does.
 *
 * @param guard returns where failures are reported; without one, they wait until it is called again with one
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
