import type { Clock } from '../metrics/clock.js';
import type { Counter } from '../metrics/counter.js';
import { instrumentationGuard } from '../metrics/error-reports.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { Timer } from '../metrics/timer.js';
import { CallScope, type OpenScope } from '../primitives/call-scope.js';
import { type Guard, isThenable } from '../primitives/guard.js';
import type { CallObserver } from '../primitives/method-patch.js';
import { isOwnCall } from './own-calls.js';

/** From 50 microseconds, which a cache in memory takes, to where a cache is none any more. */
const BUCKETS = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
];

export type CacheOperation = 'get' | 'has' | 'set' | 'delete' | 'clear';

/** Counts what the application does with its caches. */
export class CacheRecorder {
  /** Keeps errors of ours out of the calls of the application. */
  readonly guard: Guard;
  /** The call that something happens within: what a cache does with its stores is not counted again. */
  readonly calls = new CallScope<CacheCall>();

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
    this.guard = instrumentationGuard(registry, 'cache');
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

  /** Returns the recorder of one cache, which has its series at hand. */
  forCache(cache: string): OneCacheRecorder {
    const of = (operation: CacheOperation) => ({
      durations: this.durations.labels({ cache, operation }),
      errors: this.errors.labels({ cache, operation }),
    });
    return new OneCacheRecorder(this, this.clock, {
      hits: this.hits.labels({ cache }),
      misses: this.misses.labels({ cache }),
      sets: this.sets.labels({ cache }),
      deletes: this.deletes.labels({ cache }),
      get: of('get'),
      has: of('has'),
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
  readonly guard: Guard;

  constructor(
    private readonly caches: CacheRecorder,
    private readonly clock: Clock,
    private readonly series: CacheSeries,
  ) {
    this.guard = caches.guard;
  }

  /**
   * Begins an operation, unless it is one of monitoring itself or a part of one that is counted.
   *
   * @param count is given the result of the operation, once it has one
   */
  begin(
    operation: CacheOperation,
    count: (result: unknown, call: CacheCall) => void,
  ): CallObserver | undefined {
    if (isOwnCall() || this.caches.calls.current !== undefined) return undefined;
    const { durations, errors } = this.series[operation];
    const startedAt = this.clock.monotonic();
    return new CacheCall(this.caches.calls, {
      succeeded: count,
      failed: () => errors.inc(),
      ended: () => durations.observe((this.clock.monotonic() - startedAt) / 1000),
    });
  }

  /**
   * Begins a call whose duration is not that of the cache, such as `wrap()`, unless it is a part of another one.
   *
   * @param ended is called with it, whether it has failed or not
   */
  beginUntimed(ended: (call: CacheCall) => void): CacheCall | undefined {
    if (isOwnCall() || this.caches.calls.current !== undefined) return undefined;
    const call: CacheCall = new CacheCall(this.caches.calls, { ended: () => ended(call) });
    return call;
  }

  /** Runs a function of the application that a call to the cache has called: what it does is not a part of the call. */
  readonly outside = { run: <R>(work: () => R): R => this.caches.calls.leave(work) };

  recordLookup(isHit: boolean): void {
    if (isHit) this.series.hits.inc();
    else this.series.misses.inc();
  }

  recordWrites(keys = 1): void {
    this.series.sets.inc(keys);
  }

  recordDeletes(keys = 1): void {
    this.series.deletes.inc(keys);
  }
}

interface CacheCallEvents {
  succeeded?(result: unknown, call: CacheCall): void;
  failed?(): void;
  ended(): void;
}

/** One call to a cache, and what its stores have told of it. */
export class CacheCall implements CallObserver {
  args?: readonly unknown[];
  readonly scope: OpenScope<CacheCall>;
  /** True if a store had the key. */
  wasFound = false;
  /** True if a store has failed, which it may keep to itself or emit as an event. */
  hasFailedStore = false;
  /** True if the call goes on after it has answered, such as to refresh a value. */
  goesOn = false;

  constructor(
    calls: CallScope<CacheCall>,
    private readonly events: CacheCallEvents,
  ) {
    this.scope = calls.open(this);
  }

  returned(result: unknown): void {
    if (!isThenable(result)) this.fulfilled(result);
  }

  fulfilled(result: unknown): void {
    if (this.hasFailedStore) this.events.failed?.();
    else this.events.succeeded?.(result, this);
    this.end();
  }

  rejected(): void {
    this.events.failed?.();
    this.end();
  }

  threw(): void {
    this.rejected();
  }

  private end(): void {
    if (!this.goesOn) this.scope.end();
    this.events.ended();
  }
}
