import type { Metric } from './metric.js';

/**
 * One series of a metric, looked up once: the fast path. It stays valid for ever: when its series was removed or
 * its metric reset, the next sample begins the series anew.
 */
export abstract class BoundSeries<M extends Metric> {
  protected page: Float64Array = NOWHERE;
  protected offset = 0;
  protected slot: number;
  /** Never that of the metric while the labels are refused, so that each sample comes by {@link rebind}. */
  private generation = -1;
  private readonly values: readonly string[] = [];

  /** @internal */
  constructor(
    protected readonly metric: M,
    labels: object,
  ) {
    this.slot = metric.slotFor(labels);
    if (this.slot >= 0) {
      this.values = metric.valuesFound(this.slot);
      this.place();
    }
  }

  /** Whether there is a row to write to: the one check that every sample pays. */
  protected ready(): boolean {
    return this.generation === this.metric.generation || this.rebind();
  }

  /** A number of the row; 0 if there is none. Reading does not begin a series anew. */
  protected current(column: number): number {
    return this.exists() ? this.page[this.offset + column] : 0;
  }

  /** Whether there is a row to read from. */
  protected exists(): boolean {
    if (this.generation === this.metric.generation) return true;
    return this.slot >= 0 && this.metric.hasSeries(this.values) && this.rebind();
  }

  /** Takes the row in `slot`. */
  protected place(): void {
    this.page = this.metric.pageOf(this.slot);
    this.offset = this.metric.offsetOf(this.slot);
    this.generation = this.metric.generation;
  }

  private rebind(): boolean {
    if (this.slot < 0) {
      this.metric.refuseLabels(this.slot);
      return false;
    }
    this.slot = this.metric.slotForValues(this.values);
    this.place();
    return true;
  }
}

const NOWHERE = new Float64Array(0);
