import type { Gauge } from '../metrics/gauge.js';
import type { GaugeOptions } from '../metrics/metric-definition.js';
import type { MetricsRegistry } from '../metrics/registry.js';

/** A gauge that exists only while its value is known, instead of showing zero. */
export class OptionalGauge {
  private gauge: Gauge | undefined;

  constructor(
    private readonly registry: MetricsRegistry,
    readonly name: string,
    private readonly help: string,
    private readonly options: GaugeOptions = {},
  ) {}

  /** Sets the value; undefined or NaN removes the gauge. */
  set(value: number | undefined): void {
    if (value !== undefined && Number.isFinite(value)) {
      this.gauge ??= this.registry.gauge(this.name, this.help, this.options);
      this.gauge.set(value);
    } else if (this.gauge !== undefined) {
      this.registry.remove(this.name);
      this.gauge = undefined;
    }
  }
}
