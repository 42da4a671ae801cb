import type { MetricsRegistry } from '../metrics/registry.js';
import type { SourceCollector } from '../collectors/source.collector.js';
import type { IsLeader } from './leadership.js';

/** Sets metrics, be it with the registry that it is given or with metrics that it has. */
export type CollectMetrics = (registry: MetricsRegistry, signal: AbortSignal) => void | Promise<void>;

/** How a collector of the application runs. */
export interface BusinessCollectorOptions {
  readonly name: string;
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly leaderOnly?: boolean;
  readonly metricNames?: readonly string[];
}

/**
 * Runs code of the application as a collector. The gauges that it asks the given registry for are its own: they are
 * left out while it fails, and while another process is the leader.
 */
export class BusinessCollector implements SourceCollector {
  readonly name: string;
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  standsBy = false;

  private readonly gauges: Set<string>;
  private readonly noting: MetricsRegistry;

  constructor(
    private readonly options: BusinessCollectorOptions,
    registry: MetricsRegistry,
    private readonly isLeader: IsLeader,
    private readonly work: CollectMetrics,
  ) {
    const { name, intervalMs, timeoutMs, metricNames = [] } = options;
    this.name = name;
    if (intervalMs !== undefined) this.intervalMs = intervalMs;
    if (timeoutMs !== undefined) this.timeoutMs = timeoutMs;
    this.gauges = new Set(metricNames);
    this.noting = notingGauges(registry, this.gauges);
  }

  get metricNames(): readonly string[] {
    return [...this.gauges];
  }

  async collect(signal: AbortSignal): Promise<void> {
    this.standsBy = this.options.leaderOnly === true && !(await this.isLeader());
    if (!this.standsBy) await this.work(this.noting, signal);
  }
}

/** The same registry, which notes the names of the gauges that it is asked for. */
function notingGauges(registry: MetricsRegistry, names: Set<string>): MetricsRegistry {
  const gauge = (...args: Parameters<MetricsRegistry['gauge']>) => {
    names.add(args[0]);
    return registry.gauge(...args);
  };
  return Object.create(registry, { gauge: { value: gauge } }) as MetricsRegistry;
}
