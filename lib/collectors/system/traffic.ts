import type { Labels } from '../../metrics/labels.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { GrowthRate } from '../runtime/growth-rate.js';
import { MirroredCounter } from '../mirrored-counter.js';
import { OptionalGauge } from '../optional-gauge.js';

/** Something that is counted of each device. */
export interface TrafficCount<R> {
  /** The name of the counter, by device. */
  readonly name: string;
  readonly help: string;
  readonly of: (reading: R) => number | undefined;
  /** The gauge of what it grows by in a second, over all devices. */
  readonly rate?: { readonly name: string; readonly help: string };
}

/** What goes through devices that count it themselves: a counter for each of them, and rates over all. */
export class Traffic<R, L extends string> {
  /** The gauges. */
  readonly metricNames: readonly string[];
  private readonly counts: readonly {
    readonly of: (reading: R) => number | undefined;
    readonly counter: MirroredCounter<L>;
    readonly rate: { readonly gauge: OptionalGauge; readonly growth: GrowthRate } | undefined;
  }[];

  constructor(
    registry: MetricsRegistry,
    private readonly label: L,
    private readonly deviceOf: (reading: R) => string,
    counts: readonly TrafficCount<R>[],
  ) {
    this.counts = counts.map(({ name, help, of, rate }) => ({
      of,
      counter: new MirroredCounter(registry, name, help, [label]),
      rate: rate && { gauge: new OptionalGauge(registry, rate.name, rate.help), growth: new GrowthRate() },
    }));
    this.metricNames = counts.flatMap(({ rate }) => rate?.name ?? []);
  }

  /** @param now monotonic, in milliseconds */
  follow(readings: readonly R[], now: number): void {
    for (const { of, counter, rate } of this.counts) {
      const totals = readings.flatMap((reading) => {
        const total = of(reading);
        return total === undefined ? [] : [[this.deviceOf(reading), total] as const];
      });
      counter.follow(totals.map(([device, total]) => [{ [this.label]: device } as Labels<L>, total]));
      const perSecond = rate?.growth.perSecond(new Map(totals), now);
      rate?.gauge.set(totals.length > 0 ? perSecond : undefined);
    }
  }
}
