import type { Counter } from '../../metrics/counter.js';
import type { Gauge } from '../../metrics/gauge.js';
import { labelsOfAttributes } from './attribute-labels.js';
import type { InstrumentDescriptor } from './instrument.js';
import { addMissingNames } from './metric-recorder.js';

type Labels = Readonly<Record<string, string>>;

/** A value that a callback has observed. */
export interface ObservedValue {
  readonly value: unknown;
  readonly attributes: object;
}

/** The series of a metric that its instruments share. */
export class OwnedSeries {
  /** The labels and the owners of each series, by its key; those in the overflow series are not among them. */
  readonly byKey = new Map<string, { readonly labels: Labels; readonly owners: Set<object> }>();
  /** The sum of what each owner last observed beyond the limit of series. */
  readonly beyond = new Map<object, number>();
}

/** The metric of an observable, whose series belong to the callbacks that observe them; several may observe one. */
export class ObservedMetric {
  private readonly ownersByCallback = new WeakMap<object, object>();

  /** @param owned series of the metric, which its instruments share: they may differ in their description only */
  constructor(
    private readonly metric: Counter<string> | Gauge<string>,
    private readonly descriptor: InstrumentDescriptor,
    private readonly scope: Labels,
    private readonly owned: OwnedSeries,
  ) {
    // The count began before anybody asked for it.
    metric.mirrorsOther();
  }

  /** True if series without a new value must go, since their values would be outdated. */
  get isGauge(): boolean {
    return this.metric.type === 'gauge';
  }

  /**
   * Replaces the series of a callback by the values that it has observed. The last of several values for the same
   * attributes counts.
   */
  replace(callback: object, observed: readonly ObservedValue[]): void {
    const owner = this.ownerOf(callback);
    const latest = new Map<string, { readonly labels: Labels; readonly value: number }>();
    for (const { value, attributes } of observed) {
      const number = this.checked(value);
      if (number === undefined) continue;
      const labels = this.labelsOf(attributes);
      if (labels !== undefined) latest.set(JSON.stringify(labels), { labels, value: number });
    }
    this.forget(callback, latest);
    this.writeAll(owner, latest);
  }

  /** Removes the series of a callback, except those that it has observed again. */
  forget(callback: object, kept: { has(key: string): boolean } = NONE): void {
    const owner = this.ownerOf(callback);
    if (kept === NONE) this.owned.beyond.delete(owner);
    for (const [key, series] of this.owned.byKey) {
      if (kept.has(key) || !series.owners.delete(owner) || series.owners.size > 0) continue;
      this.owned.byKey.delete(key);
      this.metric.remove(series.labels);
    }
  }

  /** Returns the owner of what a callback observes for this instrument; it may observe others of the same metric, too. */
  private ownerOf(callback: object): object {
    const owner = this.ownersByCallback.get(callback) ?? {};
    this.ownersByCallback.set(callback, owner);
    return owner;
  }

  private writeAll(owner: object, latest: ReadonlyMap<string, { labels: Labels; value: number }>): void {
    const { store } = this.metric;
    let beyond: { readonly labels: Labels; readonly value: number } | undefined;
    for (const [key, { labels, value }] of latest) {
      addMissingNames(this.metric, labels);
      if (store.isOverflow(store.slotFor(labels, value))) {
        const sum = this.descriptor.kind === 'observableGauge' ? 0 : (beyond?.value ?? 0);
        beyond = { labels, value: sum + value };
      } else {
        this.write(labels, value);
        const series = this.owned.byKey.get(key);
        if (series === undefined) this.owned.byKey.set(key, { labels, owners: new Set([owner]) });
        else series.owners.add(owner);
      }
    }
    if (beyond !== undefined) this.writeBeyond(owner, beyond.labels, beyond.value);
    else this.owned.beyond.delete(owner);
  }

  /** Writes the overflow series, which all owners share. A counter only grows, whatever a callback no longer observes. */
  private writeBeyond(owner: object, labels: Labels, value: number): void {
    const { beyond } = this.owned;
    const before = beyond.get(owner) ?? 0;
    beyond.set(owner, value);
    if (this.metric.type === 'counter') this.metric.inc(labels, Math.max(0, value - before));
    else if (this.descriptor.kind === 'observableGauge') this.metric.set(labels, value);
    else this.metric.set(labels, total(beyond.values()));
  }

  private write(labels: Labels, value: number): void {
    if (this.metric.type === 'counter') this.metric.setTotal(labels, value);
    else this.metric.set(labels, value);
  }

  /** Returns the value to write; undefined for one that is invalid, which is counted. */
  private checked(value: unknown): number | undefined {
    const { store } = this.metric;
    const isNumber = typeof value === 'number';
    const number = isNumber && this.descriptor.isInteger ? Math.trunc(value) : value;
    if (!isNumber || !Number.isFinite(number) || (this.metric.type === 'counter' && (number as number) < 0)) {
      store.dropValue(value);
      return undefined;
    }
    return number as number;
  }

  private labelsOf(attributes: object): Labels | undefined {
    try {
      return { ...labelsOfAttributes(attributes, this.descriptor.kind), ...this.scope };
    } catch {
      this.metric.store.host.sampleDropped(this.metric.name, 'unreadable_label');
      return undefined;
    }
  }
}

function total(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

const NONE: ReadonlySet<string> = new Set();
