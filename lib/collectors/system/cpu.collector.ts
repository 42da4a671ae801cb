import type { Clock } from '../../metrics/clock.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { MirroredCounter } from '../mirrored-counter.js';
import { OptionalGauge } from '../optional-gauge.js';
import type { SourceCollector } from '../source.collector.js';
import type { CpuReading, SystemSource } from './system-source.js';

/** In which nothing is done, be it that somebody waits for a disk. */
const IDLE_MODES = ['idle', 'iowait'];

/** How busy the processors are: of what this process may have of them, where that is limited. */
export class SystemCpuCollector implements SourceCollector {
  readonly name = 'system_cpu';
  readonly metricNames: readonly string[];

  private readonly percent: OptionalGauge;
  private readonly cpus: OptionalGauge;
  private readonly limit: OptionalGauge;
  private readonly loads: readonly OptionalGauge[];
  private readonly seconds: MirroredCounter<'mode'>;
  private readonly periods: MirroredCounter;
  private readonly throttledPeriods: MirroredCounter;
  private readonly throttledSeconds: MirroredCounter;
  private last: { readonly reading: CpuReading; readonly at: number } | undefined;

  constructor(
    registry: MetricsRegistry,
    private readonly source: SystemSource,
    private readonly clock: Clock,
  ) {
    const gauge = (name: string, help: string) => new OptionalGauge(registry, name, help);
    const counter = (name: string, help: string) => new MirroredCounter(registry, name, help);
    this.percent = gauge(
      'system_cpu_percent',
      'Share of the processor time that was used since the last look, in percent of the limit if there is one.',
    );
    this.cpus = gauge('system_cpus', 'Number of processors of the machine.');
    this.limit = gauge(
      'system_cpu_limit_cores',
      "How many processors' worth of time the container may use, if that is limited.",
    );
    this.loads = [1, 5, 15].map((minutes) =>
      gauge(`system_load${minutes}`, `Runnable processes on average over the last ${minutes} min.`),
    );
    this.seconds = new MirroredCounter(
      registry,
      'system_cpu_seconds_total',
      'Time of the processors of the machine, by what it went into.',
      ['mode'],
    );
    this.periods = counter(
      'system_cpu_periods_total',
      'Periods in which the processor time of the container was limited.',
    );
    this.throttledPeriods = counter(
      'system_cpu_throttled_periods_total',
      'Periods in which the container was held up because it had used up its processor time.',
    );
    this.throttledSeconds = counter(
      'system_cpu_throttled_seconds_total',
      'Time for which the container was held up because it had used up its processor time.',
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
    this.seconds.follow(
      Object.entries(reading?.secondsByMode ?? {}).map(([mode, total]) => [{ mode }, total]),
    );
    const throttling = reading?.limit?.throttling;
    this.periods.follow([[{}, throttling?.periods]]);
    this.throttledPeriods.follow([[{}, throttling?.throttledPeriods]]);
    this.throttledSeconds.follow([[{}, throttling?.throttledSeconds]]);
    this.last = reading && { reading, at };
  }
}

interface Look {
  readonly reading: CpuReading;
  readonly at: number;
}

/** Undefined if no time has passed. */
function percentBetween(before: Look, after: Look): number | undefined {
  const { limit } = after.reading;
  const limitBefore = before.reading.limit;
  // A limit that has come or gone leaves nothing to compare.
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
    // Idle time can go back a little when a processor is switched off.
    const passed = Math.max(0, seconds - (before.secondsByMode[mode] ?? seconds));
    all += passed;
    if (!IDLE_MODES.includes(mode)) busy += passed;
  }
  return [busy, all];
}
