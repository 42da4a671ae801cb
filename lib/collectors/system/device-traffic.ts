import type { Labels } from '../../metrics/labels.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { OptionalCounter } from '../optional-counter.js';
import { OptionalGauge } from '../optional-gauge.js';
import { GrowthRate } from './growth-rate.js';
import { SHARED } from './machine-metric.js';

/** Definition of a count by device. */
export interface DeviceCount<R> {
  /** Name of the counter. */
  readonly name: string;
  readonly help: string;
  readonly valueOf: (reading: R) => number | undefined;
  /** Gauge of the growth per second, summed over all devices. */
  readonly rate?: { readonly name: string; readonly help: string };
}

/** Counters by device, and their rates over all devices, for devices whose counts the system keeps. */
export class DeviceTraffic<R, L extends string> {
  /** Names of the gauges. */
  readonly metricNames: readonly string[];
  private readonly counts: readonly {
    readonly valueOf: (reading: R) => number | undefined;
    readonly counter: OptionalCounter<L>;
    readonly rate: { readonly gauge: OptionalGauge; readonly growth: GrowthRate } | undefined;
  }[];

  constructor(
    registry: MetricsRegistry,
    private readonly label: L,
    private readonly deviceOf: (reading: R) => string,
    counts: readonly DeviceCount<R>[],
  ) {
    this.counts = counts.map(({ name, help, valueOf, rate }) => ({
      valueOf,
      counter: new OptionalCounter(registry, name, help, { ...SHARED, labelNames: [label] }),
      rate: rate && {
        gauge: new OptionalGauge(registry, rate.name, rate.help, SHARED),
        growth: new GrowthRate(),
      },
    }));
    this.metricNames = counts.flatMap(({ rate }) => rate?.name ?? []);
  }

  /**
   * Updates the counters and rates.
   *
   * @param now monotonic time in milliseconds
   */
  update(readings: readonly R[], now: number): void {
    for (const { valueOf, counter, rate } of this.counts) {
      const totals = readings.flatMap((reading) => {
        const total = valueOf(reading);
        return total === undefined ? [] : [[this.deviceOf(reading), total] as const];
      });
      counter.update(totals.map(([device, total]) => [{ [this.label]: device } as Labels<L>, total]));
      const perSecond = rate?.growth.perSecond(new Map(totals), now);
      rate?.gauge.set(totals.length > 0 ? perSecond : undefined);
    }
  }
}
