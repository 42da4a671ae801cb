import { getHeapStatistics } from 'node:v8';
import type { Clock } from '../../metrics/clock.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { OptionalGauge } from '../optional-gauge.js';

/** Over how long the share of the time is taken, and in which steps it moves. */
const WINDOW_MS = 300_000;
const SLOT_MS = 10_000;

/** Whether the garbage collector can keep up: how much of the time it takes, and what it cannot free. */
export class GcPressure {
  /** The gauges. */
  readonly metricNames: readonly string[];

  private readonly timeRatio: OptionalGauge;
  private readonly heapAfter: OptionalGauge;
  private readonly heapAfterRatio: OptionalGauge;
  /** Milliseconds of collection, by the slot in which they ended. */
  private readonly slots = new Map<number, number>();
  private startedAt: number;

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
  ) {
    this.timeRatio = new OptionalGauge(
      registry,
      'nodejs_gc_time_ratio',
      'Share of the time that garbage collection took over the last 5 min.',
    );
    this.heapAfter = new OptionalGauge(
      registry,
      'nodejs_heap_size_after_gc_bytes',
      'Heap in use soon after the last major garbage collection.',
    );
    this.heapAfterRatio = new OptionalGauge(
      registry,
      'nodejs_heap_after_gc_ratio',
      'Heap in use soon after the last major garbage collection, as a share of its limit.',
    );
    this.metricNames = [this.timeRatio, this.heapAfter, this.heapAfterRatio].map(({ name }) => name);
    this.startedAt = clock.monotonic();
  }

  /** Notes a collection that has just ended. */
  note(durationMs: number, isMajor: boolean): void {
    const slot = Math.floor(this.clock.monotonic() / SLOT_MS);
    this.slots.set(slot, (this.slots.get(slot) ?? 0) + durationMs);
    if (this.slots.size > WINDOW_MS / SLOT_MS + 1) this.forget();
    if (!isMajor) return;
    // Node tells of it in a turn of the event loop of its own, when the application may have taken some again.
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    this.heapAfter.set(used);
    this.heapAfterRatio.set(used / limit);
  }

  collect(): void {
    this.forget();
    const now = this.clock.monotonic();
    const windowMs = Math.min(now - this.startedAt, WINDOW_MS + (now % SLOT_MS));
    const spentMs = [...this.slots.values()].reduce((sum, ms) => sum + ms, 0);
    this.timeRatio.set(windowMs > 0 ? Math.min(1, spentMs / windowMs) : undefined);
  }

  private forget(): void {
    const oldest = Math.floor(this.clock.monotonic() / SLOT_MS) - WINDOW_MS / SLOT_MS;
    for (const slot of this.slots.keys()) if (slot < oldest) this.slots.delete(slot);
  }
}
