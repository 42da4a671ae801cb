import type { RowExtension, SeriesStore } from './series-store.js';

/**
 * One series of a metric, looked up once: the fast path. It never becomes invalid: after its series was removed or its
 * metric was reset, the next sample starts the series again.
 */
export abstract class BoundSeries<Extension extends RowExtension | undefined = RowExtension | undefined> {
  protected page: Float64Array = NO_PAGE;
  protected offset = 0;
  protected slot: number;
  /** Never that of the store while the labels are invalid, so that each sample passes through {@link rebind}. */
  private generation = -1;
  protected readonly values: readonly string[] = [];

  /** @internal */
  constructor(
    protected readonly store: SeriesStore<Extension>,
    labels: object,
  ) {
    this.slot = store.slotFor(labels);
    if (this.slot >= 0) {
      this.values = store.valuesFound(this.slot);
      this.place();
    }
  }

  /** Returns true if there is a row to write to. It is the only check of a usual sample: one comparison. */
  protected ready(): boolean {
    return this.generation === this.store.generation || this.rebind();
  }

  /** Returns a number of the row; 0 if there is none. Reading does not start a removed series again. */
  protected current(column: number): number {
    return this.exists() ? (this.page[this.offset + column] ?? 0) : 0;
  }

  /** Returns true if there is a row to read from. */
  protected exists(): boolean {
    this.store.settle();
    if (this.generation === this.store.generation) return true;
    return this.slot >= 0 && this.store.hasSeries(this.values) && this.rebind();
  }

  /** Binds to the row in `slot`. */
  protected place(): void {
    this.page = this.store.pageOf(this.slot);
    this.offset = this.store.offsetOf(this.slot);
    this.generation = this.store.generation;
  }

  private rebind(): boolean {
    if (this.slot < 0) {
      this.store.dropSample(this.slot, undefined);
      return false;
    }
    this.slot = this.store.slotForValues(this.values);
    this.place();
    return true;
  }
}

const NO_PAGE = new Float64Array(0);
