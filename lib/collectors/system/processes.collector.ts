import type { MetricsRegistry } from '../../metrics/registry.js';
import { OptionalGauge } from '../optional-gauge.js';
import type { ManagedCollector } from '../managed-collector.js';
import type { SystemSource } from './system-source.js';
import { SYSTEM_METRICS } from '../../metrics/metric-names.js';
import { SHARED } from './machine-metric.js';

/** A collector of the number of processes and threads on the machine or in the container. */
export class ProcessesCollector implements ManagedCollector {
  readonly name = SYSTEM_METRICS.processes;
  readonly metricNames: readonly string[];

  private readonly processes: OptionalGauge;
  private readonly threads: OptionalGauge;

  constructor(
    registry: MetricsRegistry,
    private readonly source: SystemSource,
  ) {
    this.processes = new OptionalGauge(registry, SYSTEM_METRICS.processes, 'Number of processes.', SHARED);
    this.threads = new OptionalGauge(
      registry,
      SYSTEM_METRICS.threads,
      'Number of threads in all processes.',
      SHARED,
    );
    this.metricNames = [this.processes.name, this.threads.name];
  }

  async collect(): Promise<void> {
    const reading = await this.source.processes();
    this.processes.set(reading?.processes);
    this.threads.set(reading?.threads);
  }
}
