import type { Labels } from '../metrics/labels.js';
import type { CounterOptions, MetricOptions } from '../metrics/metric-definition.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import { CounterMirror } from './counter-mirror.js';

/** Current totals of all series of a counter; undefined for a total that is unknown. */
export type Totals<L extends string> = readonly (readonly [labels: Labels<L>, total: number | undefined])[];

/** A counter that mirrors counts kept elsewhere, and exists only while at least one of them is known. */
export class OptionalCounter<L extends string = string> {
  private mirror: CounterMirror<L> | undefined;

  constructor(
    private readonly registry: MetricsRegistry,
    readonly name: string,
    private readonly help: string,
    private readonly options: MetricOptions<L> & CounterOptions = {},
  ) {}

  /** Adds the growth of each total since the last update, and removes the series that are not among them. */
  update(totals: Totals<L>): void {
    const keys = new Set<string>();
    for (const [labels, total] of totals) {
      if (total === undefined || !(total >= 0)) continue;
      this.mirror ??= this.newMirror();
      const key = this.mirror.update(labels, total);
      if (key !== undefined) keys.add(key);
    }
    this.mirror?.retain(keys);
    if (keys.size > 0 || this.mirror === undefined) return;
    this.registry.remove(this.name);
    this.mirror = undefined;
  }

  private newMirror(): CounterMirror<L> {
    return new CounterMirror(this.registry.counter<L>(this.name, this.help, this.options));
  }
}
