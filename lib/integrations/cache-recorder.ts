import type { Clock } from '../metrics/clock.js';
import type { Counter } from '../metrics/counter.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { Timer } from '../metrics/timer.js';
import { OWN_KEY } from './keyv/keyv.discovery.js';

/** From 50 microseconds, which a cache in memory takes, to where a cache is none any more. */
const BUCKETS = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
];

export type CacheOperation = 'get' | 'set' | 'delete' | 'clear';

/** Counts what the application does with its caches. */
export class CacheRecorder {
  private readonly hits: Counter<'cache'>;
  private readonly misses: Counter<'cache'>;
  private readonly sets: Counter<'cache'>;
  private readonly deletes: Counter<'cache'>;
  private readonly errors: Counter<'cache' | 'operation'>;
  private readonly durations: Timer<'cache' | 'operation'>;

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
  ) {
    const labelNames = ['cache'] as const;
    this.hits = registry.counter('cache_hits_total', 'Keys that were asked for and were in the cache.', {
      labelNames,
    });
    this.misses = registry.counter(
      'cache_misses_total',
      'Keys that were asked for and were not in the cache.',
      { labelNames },
    );
    this.sets = registry.counter('cache_sets_total', 'Keys that were written to the cache.', { labelNames });
    this.deletes = registry.counter('cache_deletes_total', 'Keys that were deleted from the cache.', {
      labelNames,
    });
    this.errors = registry.counter('cache_errors_total', 'Operations of the cache that failed.', {
      labelNames: ['cache', 'operation'],
    });
    this.durations = registry.timer(
      'cache_operation_duration_seconds',
      'How long operations of the cache took.',
      {
        labelNames: ['cache', 'operation'],
        buckets: BUCKETS,
      },
    );
  }

  /** One cache, with its series at hand. */
  forCache(cache: string): OneCacheRecorder {
    const of = (operation: CacheOperation) => ({
      durations: this.durations.labels({ cache, operation }),
      errors: this.errors.labels({ cache, operation }),
    });
    return new OneCacheRecorder(this.clock, {
      hits: this.hits.labels({ cache }),
      misses: this.misses.labels({ cache }),
      sets: this.sets.labels({ cache }),
      deletes: this.deletes.labels({ cache }),
      get: of('get'),
      set: of('set'),
      delete: of('delete'),
      clear: of('clear'),
    });
  }
}

interface Incrementable {
  inc(value?: number): void;
}

interface OperationSeries {
  readonly durations: { observe(seconds: number): void };
  readonly errors: Incrementable;
}

type CacheSeries = Readonly<Record<'hits' | 'misses' | 'sets' | 'deletes', Incrementable>> &
  Readonly<Record<CacheOperation, OperationSeries>>;

/** Counts what is done with one cache. */
export class OneCacheRecorder {
  constructor(
    private readonly clock: Clock,
    private readonly series: CacheSeries,
  ) {}

  /**
   * Runs an operation and counts it.
   *
   * @param counted is told what it came to, once it has
   */
  async run<T>(operation: CacheOperation, work: () => Promise<T>, counted: (result: T) => void): Promise<T> {
    const { durations, errors } = this.series[operation];
    const startedAt = this.clock.monotonic();
    try {
      const result = await work();
      counted(result);
      return result;
    } catch (error) {
      errors.inc();
      throw error;
    } finally {
      durations.observe((this.clock.monotonic() - startedAt) / 1000);
    }
  }

  looked(value: unknown): void {
    if (value === undefined || value === null) this.series.misses.inc();
    else this.series.hits.inc();
  }

  wrote(keys = 1): void {
    this.series.sets.inc(keys);
  }

  deleted(keys = 1): void {
    this.series.deletes.inc(keys);
  }
}

/** Whether a key is one of monitoring itself, which is not counted. */
export function isOwnKey(key: unknown): boolean {
  return typeof key === 'string' && key.startsWith(OWN_KEY);
}
