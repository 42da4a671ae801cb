import type { MetricsRegistry } from '../../metrics/registry.js';
import { OptionalCounter } from '../optional-counter.js';
import { OptionalGauge } from '../optional-gauge.js';
import type { ManagedCollector } from '../managed-collector.js';
import type { SystemSource } from './system-source.js';
import { SYSTEM_METRICS } from '../../metrics/metric-names.js';
import { SHARED } from './machine-metric.js';

/** A collector of memory usage: of the container if its memory is limited, else of the machine. */
export class SystemMemoryCollector implements ManagedCollector {
  readonly name = 'system_memory';
  readonly metricNames: readonly string[];

  private readonly total: OptionalGauge;
  private readonly used: OptionalGauge;
  private readonly percent: OptionalGauge;
  private readonly limit: OptionalGauge;
  private readonly swapTotal: OptionalGauge;
  private readonly swapUsed: OptionalGauge;
  private readonly oomKills: OptionalCounter;

  constructor(
    registry: MetricsRegistry,
    private readonly source: SystemSource,
  ) {
    const gauge = (name: string, help: string) => new OptionalGauge(registry, name, help, SHARED);
    this.total = gauge(
      'system_memory_total_bytes',
      'Memory of the container if it is limited, else of the machine.',
    );
    this.used = gauge('system_memory_used_bytes', 'Memory in use, without reclaimable caches.');
    this.percent = gauge(SYSTEM_METRICS.memory, 'Memory in use, in percent of `system_memory_total_bytes`.');
    this.limit = gauge('system_memory_limit_bytes', 'Memory limit of the container.');
    this.swapTotal = gauge('system_swap_total_bytes', 'Swap space of the machine.');
    this.swapUsed = gauge('system_swap_used_bytes', 'Swap space of the machine in use.');
    this.oomKills = new OptionalCounter(
      registry,
      'system_memory_oom_kills_total',
      'Processes killed by the kernel because memory ran out.',
      SHARED,
    );
    this.metricNames = [this.total, this.used, this.percent, this.limit, this.swapTotal, this.swapUsed].map(
      ({ name }) => name,
    );
  }

  async collect(): Promise<void> {
    const memory = await this.source.memory();
    this.total.set(memory?.total);
    this.used.set(memory?.used);
    this.percent.set(memory && (memory.used / memory.total) * 100);
    this.limit.set(memory?.limit);
    this.swapTotal.set(memory?.swap?.total);
    this.swapUsed.set(memory?.swap?.used);
    this.oomKills.update([[{}, memory?.oomKills]]);
  }
}
