import { LOOKBACK_MS } from './family-reader.js';

/** A request to store the samples of a metric. */
export interface RetentionRequest {
  readonly metric: string;
  /** Retention of the samples, in milliseconds. @default history.retentionMs */
  readonly windowMs?: number;
  /** True to store exponential histograms too, for percentiles with an error of at most 1 %. @default false */
  readonly percentiles?: boolean;
  /** True if these samples may be evicted when memory is short, such as those of charts. @default false */
  readonly bestEffort?: boolean;
}

/** The extent of the stored samples of a metric. */
export interface RetentionExtent {
  readonly windowMs: number;
  readonly percentiles: boolean;
}

/** The retention of a metric: the union of all requests for it. */
export interface Retention {
  /** The extent that must not be evicted; undefined if all of it may be. */
  readonly required: RetentionExtent | undefined;
  readonly all: RetentionExtent;
}

/** The set of open retention requests. */
export class RetentionRequests {
  private readonly requests = new Set<RetentionRequest>();
  /** The result of {@link byMetric}; undefined once the requests have changed. */
  private retentions: ReadonlyMap<string, Retention> | undefined;

  /** @param retentionMs window of a request without one, in milliseconds */
  constructor(private readonly retentionMs: number) {}

  /** Adds a request. @returns a function that withdraws it */
  add(request: RetentionRequest): () => void {
    const own = { ...request };
    this.requests.add(own);
    this.retentions = undefined;
    return () => {
      this.requests.delete(own);
      this.retentions = undefined;
    };
  }

  get isEmpty(): boolean {
    return this.requests.size === 0;
  }

  get metricsWithPercentiles(): Set<string> {
    return new Set([...this.requests].filter(({ percentiles }) => percentiles).map(({ metric }) => metric));
  }

  /** Returns the retention of each metric, the required ones first, since they get memory first. */
  byMetric(): ReadonlyMap<string, Retention> {
    return (this.retentions ??= this.computeByMetric());
  }

  private computeByMetric(): ReadonlyMap<string, Retention> {
    const retentions = new Map<string, Retention>();
    for (const request of this.requests) {
      const { metric, windowMs = this.retentionMs, percentiles = false, bestEffort = false } = request;
      const extent = { windowMs: Math.max(windowMs, LOOKBACK_MS), percentiles };
      const others = retentions.get(metric);
      retentions.set(metric, {
        required: bestEffort ? others?.required : larger(extent, others?.required),
        all: larger(extent, others?.all),
      });
    }
    return new Map(
      [...retentions].toSorted(
        ([, a], [, b]) => Number(a.required === undefined) - Number(b.required === undefined),
      ),
    );
  }
}

function larger(extent: RetentionExtent, other: RetentionExtent = extent): RetentionExtent {
  return {
    windowMs: Math.max(extent.windowMs, other.windowMs),
    percentiles: extent.percentiles || other.percentiles,
  };
}
