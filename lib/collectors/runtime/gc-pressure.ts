import { getHeapStatistics } from 'node:v8';
import type { Clock } from '../../metrics/clock.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { OptionalGauge } from '../optional-gauge.js';

/** Length of the sliding window of the time ratio, and of the slots that it moves by. */
const WINDOW_MS = 300_000;
const SLOT_MS = 10_000;

/** Gauges of the load on the garbage collector: the time that it takes, and the heap that it cannot free. */
export class GcPressure {
  readonly metricNames: readonly string[];

  private readonly timeRatio: OptionalGauge;
  private readonly heapAfter: OptionalGauge;
  private readonly heapAfterRatio: OptionalGauge;
  /** Milliseconds of garbage collection, by the slot in which it ended. */
  private readonly slots = new Map<number, number>();
  private startedAt: number;

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
  ) {
    this.timeRatio = new OptionalGauge(
      registry,
      'nodejs_gc_time_ratio',
      'Share of time spent in garbage collection over the last 5 min.',
      { aggregate: 'max' },
    );
    this.heapAfter = new OptionalGauge(
      registry,
      'nodejs_heap_size_after_gc_bytes',
      'Heap in use shortly after the last major garbage collection.',
    );
    this.heapAfterRatio = new OptionalGauge(
      registry,
      'nodejs_heap_after_gc_ratio',
      'Heap in use shortly after the last major garbage collection, as a share of its limit.',
      { aggregate: 'max' },
    );
    this.metricNames = [this.timeRatio, this.heapAfter, this.heapAfterRatio].map(({ name }) => name);
    this.startedAt = clock.monotonic();
  }

  /** Records a garbage collection that has just ended. */
  record(durationMs: number, isMajor: boolean): void {
    const slot = Math.floor(this.clock.monotonic() / SLOT_MS);
    this.slots.set(slot, (this.slots.get(slot) ?? 0) + durationMs);
    if (this.slots.size > WINDOW_MS / SLOT_MS + 1) this.dropOldSlots();
    if (!isMajor) return;
    // Node reports it in a later turn of the event loop, when the application may have allocated again.
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    this.heapAfter.set(used);
    this.heapAfterRatio.set(used / limit);
  }

  collect(): void {
    this.dropOldSlots();
    const now = this.clock.monotonic();
    const windowMs = Math.min(now - this.startedAt, WINDOW_MS + (now % SLOT_MS));
    const spentMs = [...this.slots.values()].reduce((sum, ms) => sum + ms, 0);
    this.timeRatio.set(windowMs > 0 ? Math.min(1, spentMs / windowMs) : undefined);
  }

  private dropOldSlots(): void {
    const oldest = Math.floor(this.clock.monotonic() / SLOT_MS) - WINDOW_MS / SLOT_MS;
    for (const slot of this.slots.keys()) if (slot < oldest) this.slots.delete(slot);
  }
}
