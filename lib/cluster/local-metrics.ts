import type { MetricsRegistry } from '../metrics/registry.js';
import type { MetricFamily } from '../metrics/snapshot.js';
import type { CollectRequest } from './messages.js';
import type { WorkerIdentity } from './worker-identity.js';

/** Share of the time limit that collectors get; the rest is for the transfer. */
const COLLECTING_SHARE = 0.8;

/** The metrics of this worker. */
export class LocalMetrics {
  constructor(
    private readonly registry: MetricsRegistry,
    readonly identity: WorkerIdentity,
  ) {}

  /** Runs the collectors and returns the metrics. */
  async collect(request: CollectRequest): Promise<readonly MetricFamily[]> {
    const exponential =
      typeof request.exponential === 'boolean' ? request.exponential : new Set(request.exponential);
    const timeoutMs = request.timeoutMs * COLLECTING_SHARE;
    return (await this.registry.collect({ exponential, timeoutMs })).families;
  }
}
