import { constants } from 'node:perf_hooks';
import type { Clock } from '../../metrics/clock.js';
import type { Convention } from '../../metrics/conventions/conventions.js';
import { boundsFor, GC_DURATION_BOUNDS } from '../../metrics/conventions/semantic-recording.js';
import type { Histogram } from '../../metrics/histogram.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { GcPressure } from './gc-pressure.js';
import type { ManagedCollector } from '../managed-collector.js';
import { NODEJS_METRICS } from '../../metrics/metric-names.js';
import { type GarbageCollection, GarbageCollections } from '../../primitives/garbage-collections.js';

/** Bucket bounds in seconds: minor collections take about 1 ms, major ones up to some 100 ms. */
const BUCKETS = [0.001, 0.01, 0.1, 1, 2, 5];

const KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

/** A collector of the duration of garbage collections, and of the load on the garbage collector. */
export class GcCollector implements ManagedCollector {
  readonly name = 'gc';
  readonly metricNames: readonly string[];

  private readonly seconds: Histogram<'kind'>;
  private readonly pressure: GcPressure;
  private unlisten: (() => void) | undefined;

  constructor(
    registry: MetricsRegistry,
    clock: Clock,
    private readonly collections = GarbageCollections.shared(),
    convention?: Convention,
  ) {
    this.seconds = registry.histogram(
      NODEJS_METRICS.gcDuration,
      'Duration of garbage collections, by kind: major, minor, incremental or weakcb.',
      { labelNames: ['kind'], buckets: boundsFor(convention, BUCKETS, GC_DURATION_BOUNDS) },
    );
    this.pressure = new GcPressure(registry, clock);
    this.metricNames = [this.seconds.name, ...this.pressure.metricNames];
  }

  start(): void {
    this.unlisten = this.collections.listen((collection) => this.record(collection));
  }

  stop(): void {
    this.unlisten?.();
    this.unlisten = undefined;
  }

  /** Records the garbage collections that have not been delivered yet. */
  collect(): void {
    this.collections.flush();
    this.pressure.collect();
  }

  private record({ kind, durationMs, isMajor }: GarbageCollection): void {
    this.seconds.observe({ kind: KINDS[kind] ?? 'unknown' }, durationMs / 1000);
    this.pressure.record(durationMs, isMajor);
  }
}
