import { LOOKBACK_MS } from './family-history.js';

/** A request to keep the samples of a metric. */
export interface RetentionRequest {
  readonly metric: string;
  /** How far back samples are kept, in milliseconds. @default history.durationMs */
  readonly windowMs?: number;
  /** Keeps exponential histograms too, for percentiles of at most 1 % error. They cost more memory. @default false */
  readonly percentiles?: boolean;
  /** Gives way to all other requests where memory is short, as charts do to rules. @default false */
  readonly bestEffort?: boolean;
}

/** The window of samples that is kept of a metric. */
export interface RetentionExtent {
  readonly windowMs: number;
  readonly percentiles: boolean;
}

/** The retention of a metric: the union of all requests for it. */
export interface Retention {
  /** The part that must not be evicted; undefined if all of it may be. */
  readonly required: RetentionExtent | undefined;
  readonly all: RetentionExtent;
}

/** The set of open retention requests. */
export class RetentionRequests {
  private readonly requests = new Set<RetentionRequest>();

  /** @param durationMs the window of a request that names none, in milliseconds */
  constructor(private readonly durationMs: number) {}

  /** Adds a request. @returns a function that withdraws it */
  add(request: RetentionRequest): () => void {
    const own = { ...request };
    this.requests.add(own);
    return () => {
      this.requests.delete(own);
    };
  }

  get isEmpty(): boolean {
    return this.requests.size === 0;
  }

  get metricsWithPercentiles(): Set<string> {
    return new Set([...this.requests].filter(({ percentiles }) => percentiles).map(({ metric }) => metric));
  }

  /** Returns the retention of each metric, in the order in which memory is given: required ones first. */
  byMetric(): Map<string, Retention> {
    const retentions = new Map<string, Retention>();
    for (const request of this.requests) {
      const { metric, windowMs = this.durationMs, percentiles = false, bestEffort = false } = request;
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
