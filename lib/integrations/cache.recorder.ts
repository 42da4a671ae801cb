import type { Clock } from '../metrics/clock.js';
import type { Counter } from '../metrics/counter.js';
import { instrumentationGuard } from '../metrics/error-guards.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { Timer } from '../metrics/timer.js';
import { CurrentCall, type CallContext } from './current-call.js';
import { type Guard, isThenable } from '../primitives/guard.js';
import { boundedLabelValue } from '../primitives/bounded-label-values.js';
import type { CallObserver, CallScope } from '../primitives/method-patch.js';
import { type OperationWaits, WaitedCalls } from './operation-waits.js';
import { isOwnCall } from './own-calls.js';
import { CACHE_METRICS } from '../metrics/metric-names.js';

/** Buckets in seconds, from 50 microseconds (a cache in memory) to one second (a cache that saves no time). */
const BUCKETS = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
];

/** An operation of a cache, as the value of a label. */
export type CacheOperation = 'get' | 'has' | 'set' | 'delete' | 'clear';

/** A recorder of the operations of the application on its caches. */
export class CacheRecorder {
  /** The guard that keeps our errors out of the calls of the application. */
  readonly guard: Guard;
  /** The calls to caches. An operation inside one, such as on a store of the cache, is not recorded again. */
  readonly calls = new CurrentCall<CacheCall>();

  private readonly hits: Counter<'cache'>;
  private readonly misses: Counter<'cache'>;
  private readonly sets: Counter<'cache'>;
  private readonly deletes: Counter<'cache'>;
  private readonly errors: Counter<'cache' | 'operation'>;
  private readonly durations: Timer<'cache' | 'operation'>;

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
    /** The operations of the application that wait for caches; undefined if none is recorded. */
    readonly operations?: OperationWaits,
  ) {
    this.guard = instrumentationGuard(registry, 'cache');
    const labelNames = ['cache'] as const;
    this.hits = registry.counter(CACHE_METRICS.hits, 'Lookups that found the key in the cache.', {
      labelNames,
    });
    this.misses = registry.counter(CACHE_METRICS.misses, 'Lookups that did not find the key in the cache.', {
      labelNames,
    });
    this.sets = registry.counter(CACHE_METRICS.sets, 'Keys written to the cache.', { labelNames });
    this.deletes = registry.counter(CACHE_METRICS.deletes, 'Keys deleted from the cache.', {
      labelNames,
    });
    this.errors = registry.counter(CACHE_METRICS.errors, 'Cache operations that failed.', {
      labelNames: ['cache', 'operation'],
    });
    this.durations = registry.timer(CACHE_METRICS.duration, 'Duration of cache operations.', {
      labelNames: ['cache', 'operation'],
      buckets: BUCKETS,
    });
  }

  /**
   * Returns the recorder of one cache, with its series resolved in advance.
   *
   * @param isInMemory true if a call to the cache is nothing that an operation waits for
   */
  forCache(cache: string, isInMemory = false): SingleCacheRecorder {
    const of = (operation: CacheOperation) => ({
      durations: this.durations.labels({ cache, operation }),
      errors: this.errors.labels({ cache, operation }),
    });
    const waited = isInMemory ? undefined : new WaitedCalls('cache', boundedLabelValue(cache));
    return new SingleCacheRecorder(this, this.clock, waited, {
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

/** A recorder of the operations on one cache. */
export class SingleCacheRecorder {
  readonly guard: Guard;

  constructor(
    private readonly caches: CacheRecorder,
    private readonly clock: Clock,
    private readonly waited: WaitedCalls | undefined,
    private readonly series: CacheSeries,
  ) {
    this.guard = caches.guard;
  }

  /**
   * Begins to record an operation; returns undefined for an own call and for a part of another cache call.
   *
   * @param succeeded receives the result of the operation
   */
  begin(
    operation: CacheOperation,
    succeeded: (result: unknown, call: CacheCall) => void,
  ): CallObserver | undefined {
    if (isOwnCall() || this.caches.calls.current !== undefined) return undefined;
    const { durations, errors } = this.series[operation];
    const { operations, calls } = this.caches;
    const startedAt = this.clock.monotonic();
    const wait =
      this.waited === undefined || operations?.current === undefined
        ? undefined
        : operations.begin('cache', this.waited.of(operation));
    let hasFailed = false;
    const events: CacheCallEvents = {
      succeeded,
      failed() {
        hasFailed = true;
        errors.inc();
      },
      ended: () => {
        durations.observe((this.clock.monotonic() - startedAt) / 1000);
        wait?.end(undefined, hasFailed);
      },
    };
    return new CacheCall(calls, events, wait && operations);
  }

  /**
   * Begins to record a call without its duration, such as `wrap()`; returns undefined like {@link begin}.
   *
   * @param ended receives the call, also if it has failed
   */
  beginUntimed(ended: (call: CacheCall) => void): CacheCall | undefined {
    if (isOwnCall() || this.caches.calls.current !== undefined) return undefined;
    const call: CacheCall = new CacheCall(this.caches.calls, { ended: () => ended(call) });
    return call;
  }

  /** A context that runs a callback of the application outside of the cache call that calls it. */
  readonly outside = { run: <R>(work: () => R): R => this.caches.calls.leave(work) };

  /** Records the lookup of one key. */
  recordLookup(isHit: boolean): void {
    if (isHit) this.series.hits.inc();
    else this.series.misses.inc();
  }

  /** Records written keys. */
  recordWrites(keys = 1): void {
    this.series.sets.inc(keys);
  }

  /** Records deleted keys. */
  recordDeletes(keys = 1): void {
    this.series.deletes.inc(keys);
  }
}

interface CacheCallEvents {
  succeeded?(result: unknown, call: CacheCall): void;
  failed?(): void;
  ended(): void;
}

/** A call to a cache, with the outcome that the watches of its stores have seen. */
export class CacheCall implements CallObserver {
  args?: readonly unknown[];
  readonly scope: CallScope;
  /** Number of keys that stores were asked for one at a time. */
  lookups = 0;
  /** True if a store had a key. */
  wasFound = false;
  /** The keys that a store had with the value `null`; undefined for none. */
  foundNulls: Set<unknown> | undefined;
  /** True if a store has failed, even if the call itself succeeds. */
  hasFailedStore = false;
  /** True if the call goes on after it has returned its result, such as to refresh a value. */
  continuesAfterResult = false;

  private readonly context: CallContext<CacheCall>;

  /** @param operations operations of which one waits for the call, so that it does not wait for its parts too */
  constructor(
    calls: CurrentCall<CacheCall>,
    private readonly events: CacheCallEvents,
    operations?: OperationWaits,
  ) {
    const context = calls.open(this);
    this.context = context;
    this.scope = operations ? { run: (call) => context.run(() => operations.leave(call)) } : context;
  }

  /** Notes what a store has returned for one key. */
  noteLookup(key: unknown, value: unknown): void {
    this.lookups++;
    if (value === undefined) return;
    this.wasFound = true;
    if (value === null) (this.foundNulls ??= new Set()).add(key);
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
    if (!this.continuesAfterResult) this.context.end();
    this.events.ended();
  }
}
