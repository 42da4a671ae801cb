import type { MetricsRegistry } from '../metrics/registry.js';
import type { MetricFamily } from '../metrics/snapshot.js';
import type { ExponentialWish } from './messages.js';
import type { WorkerName } from './surroundings.js';

/** Of the time that there is, so much is for collectors; the rest is for the way. */
const COLLECTING_SHARE = 0.8;

/** The metrics of this worker. */
export class OwnMetrics {
  constructor(
    private readonly registry: MetricsRegistry,
    readonly name: WorkerName,
  ) {}

  async collect(wish: {
    readonly exponential: ExponentialWish;
    readonly timeoutMs: number;
  }): Promise<readonly MetricFamily[]> {
    const exponential = typeof wish.exponential === 'boolean' ? wish.exponential : new Set(wish.exponential);
    const timeoutMs = wish.timeoutMs * COLLECTING_SHARE;
    return (await this.registry.collect({ exponential, timeoutMs })).families;
  }
}
