import type { MetricsRegistry } from '../metrics/registry.js';
import type { ManagedCollector } from '../collectors/managed-collector.js';
import type { IsLeader } from './leadership.js';

/** A function that updates metrics, from the given registry or its own. */
export type CollectMetrics = (registry: MetricsRegistry, signal: AbortSignal) => void | Promise<void>;

/** Name, schedule and metrics of a collector of the application. */
export interface BusinessCollectorOptions {
  readonly name: string;
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly leaderOnly?: boolean;
  readonly metricNames?: readonly string[];
}

/**
 * A collector that runs code of the application. It owns the gauges that the code gets from the given registry: they are
 * left out while it fails, and while another process is the leader.
 */
export class BusinessCollector implements ManagedCollector {
  readonly name: string;
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  standsBy = false;

  private readonly gauges: Set<string>;
  private readonly recordingRegistry: MetricsRegistry;

  constructor(
    private readonly options: BusinessCollectorOptions,
    private readonly registry: MetricsRegistry,
    private readonly isLeader: IsLeader,
    private readonly collectMetrics: CollectMetrics,
  ) {
    const { name, intervalMs, timeoutMs, metricNames = [] } = options;
    this.name = name;
    if (intervalMs !== undefined) this.intervalMs = intervalMs;
    if (timeoutMs !== undefined) this.timeoutMs = timeoutMs;
    this.gauges = new Set(metricNames);
    this.recordingRegistry = recordGauges(registry, this.gauges);
  }

  get metricNames(): readonly string[] {
    return [...this.gauges];
  }

  async collect(signal: AbortSignal): Promise<void> {
    this.standsBy = this.options.leaderOnly === true && !(await this.isLeader());
    if (this.standsBy) return;
    try {
      await this.collectMetrics(this.recordingRegistry, signal);
    } catch (error) {
      this.registry.errors?.observe(error, 'collector', this.name);
      throw error;
    }
  }
}

/** Returns the same registry, which records the names of the gauges that it returns. */
function recordGauges(registry: MetricsRegistry, names: Set<string>): MetricsRegistry {
  const gauge = (...args: Parameters<MetricsRegistry['gauge']>) => {
    names.add(args[0]);
    return registry.gauge(...args);
  };
  return Object.create(registry, { gauge: { value: gauge } }) as MetricsRegistry;
}
