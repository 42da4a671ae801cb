import type { MetricsRegistry } from '../../metrics/registry.js';
import { MirroredCounter } from '../mirrored-counter.js';
import { OptionalGauge } from '../optional-gauge.js';
import type { SourceCollector } from '../source.collector.js';
import type { SystemSource } from './system-source.js';

/** How full the memory is: that of the container where it is limited, that of the machine otherwise. */
export class SystemMemoryCollector implements SourceCollector {
  readonly name = 'system_memory';
  readonly metricNames: readonly string[];

  private readonly total: OptionalGauge;
  private readonly used: OptionalGauge;
  private readonly percent: OptionalGauge;
  private readonly limit: OptionalGauge;
  private readonly swapTotal: OptionalGauge;
  private readonly swapUsed: OptionalGauge;
  private readonly oomKills: MirroredCounter;

  constructor(
    registry: MetricsRegistry,
    private readonly source: SystemSource,
  ) {
    const gauge = (name: string, help: string) => new OptionalGauge(registry, name, help);
    this.total = gauge('system_memory_total_bytes', 'Memory that can be used: the limit if there is one.');
    this.used = gauge('system_memory_used_bytes', 'Memory in use, without caches that can be dropped.');
    this.percent = gauge('system_memory_percent', 'Memory in use, in percent of what can be used.');
    this.limit = gauge('system_memory_limit_bytes', 'Memory that the container may use, if that is limited.');
    this.swapTotal = gauge('system_swap_total_bytes', 'Swap space of the machine.');
    this.swapUsed = gauge('system_swap_used_bytes', 'Swap space of the machine that is in use.');
    this.oomKills = new MirroredCounter(
      registry,
      'system_memory_oom_kills_total',
      'Processes that were killed for want of memory.',
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
    this.oomKills.follow([[{}, memory?.oomKills]]);
  }
}
