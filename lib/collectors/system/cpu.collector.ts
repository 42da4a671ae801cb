import type { Clock } from '../../metrics/clock.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { OptionalCounter } from '../optional-counter.js';
import { OptionalGauge } from '../optional-gauge.js';
import type { ManagedCollector } from '../managed-collector.js';
import type { CpuReading, SystemSource } from './system-source.js';
import { SYSTEM_METRICS } from '../../metrics/metric-names.js';
import { SHARED } from './machine-metric.js';

/** Modes in which a processor is idle, including waits for a disk. */
const IDLE_MODES = ['idle', 'iowait'];

/** A collector of CPU usage, relative to the limit of the container if there is one. */
export class SystemCpuCollector implements ManagedCollector {
  readonly name = 'system_cpu';
  readonly metricNames: readonly string[];

  private readonly percent: OptionalGauge;
  private readonly cpus: OptionalGauge;
  private readonly limit: OptionalGauge;
  private readonly loads: readonly OptionalGauge[];
  private readonly seconds: OptionalCounter<'mode'>;
  private readonly periods: OptionalCounter;
  private readonly throttledPeriods: OptionalCounter;
  private readonly throttledSeconds: OptionalCounter;
  private last: TimedReading | undefined;

  constructor(
    registry: MetricsRegistry,
    private readonly source: SystemSource,
    private readonly clock: Clock,
  ) {
    const gauge = (name: string, help: string) => new OptionalGauge(registry, name, help, SHARED);
    const counter = (name: string, help: string) => new OptionalCounter(registry, name, help, SHARED);
    this.percent = gauge(
      SYSTEM_METRICS.cpu,
      'CPU time used since the last reading, in percent of the limit if there is one, else of all processors.',
    );
    this.cpus = gauge('system_cpus', 'Number of processors of the machine.');
    this.limit = gauge('system_cpu_limit_cores', 'CPU limit of the container, in processors.');
    this.loads = [1, 5, 15].map((minutes) =>
      gauge(`system_load${minutes}`, `Average number of runnable processes over the last ${minutes} min.`),
    );
    this.seconds = new OptionalCounter(
      registry,
      'system_cpu_seconds_total',
      'CPU time of all processors of the machine, by mode.',
      { ...SHARED, labelNames: ['mode'] },
    );
    this.periods = counter(
      'system_cpu_periods_total',
      'Periods in which the CPU limit of the container applied.',
    );
    this.throttledPeriods = counter(
      'system_cpu_throttled_periods_total',
      'Periods in which the container was throttled by its CPU limit.',
    );
    this.throttledSeconds = counter(
      'system_cpu_throttled_seconds_total',
      'Time that the container was throttled by its CPU limit.',
    );
    this.metricNames = [this.percent, this.cpus, this.limit, ...this.loads].map(({ name }) => name);
  }

  collect(): void {
    const reading = this.source.cpu();
    const at = this.clock.monotonic();
    this.percent.set(reading && this.last && percentBetween(this.last, { reading, at }));
    this.cpus.set(reading?.cpus);
    this.limit.set(reading?.limit?.cores);
    this.loads.forEach((gauge, i) => gauge.set(reading?.load?.[i]));
    this.seconds.update(
      Object.entries(reading?.secondsByMode ?? {}).map(([mode, total]) => [{ mode }, total]),
    );
    const throttling = reading?.limit?.throttling;
    this.periods.update([[{}, throttling?.periods]]);
    this.throttledPeriods.update([[{}, throttling?.throttledPeriods]]);
    this.throttledSeconds.update([[{}, throttling?.throttledSeconds]]);
    this.last = reading && { reading, at };
  }
}

interface TimedReading {
  readonly reading: CpuReading;
  readonly at: number;
}

/** Returns the CPU usage between two readings in percent; undefined if no time has passed. */
function percentBetween(before: TimedReading, after: TimedReading): number | undefined {
  const { limit } = after.reading;
  const limitBefore = before.reading.limit;
  // Readings with and without a limit cannot be compared.
  if ((limit === undefined) !== (limitBefore === undefined)) return undefined;
  const [used, available] =
    limit && limitBefore
      ? [limit.usedSeconds - limitBefore.usedSeconds, ((after.at - before.at) / 1000) * limit.cores]
      : busyAndAll(before.reading, after.reading);
  return available > 0 ? Math.max(0, (used / available) * 100) : undefined;
}

function busyAndAll(before: CpuReading, after: CpuReading): [busy: number, all: number] {
  let busy = 0;
  let all = 0;
  for (const [mode, seconds] of Object.entries(after.secondsByMode)) {
    // Idle time can decrease slightly when a processor is switched off.
    const passed = Math.max(0, seconds - (before.secondsByMode[mode] ?? seconds));
    all += passed;
    if (!IDLE_MODES.includes(mode)) busy += passed;
  }
  return [busy, all];
}
