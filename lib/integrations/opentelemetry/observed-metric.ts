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
  /** The sum of what each owner observed beyond the limit of series: the last one, of a counter the highest. */
  readonly beyond = new Map<object, number>();
  /** The counts of removed owners beyond the limit: new ones may be the same callbacks, which are added again. */
  abandoned = 0;
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
    if (kept === NONE) this.leaveOverflow(owner);
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
    else if (this.isGauge) this.leaveOverflow(owner);
  }

  /** Writes the overflow series, which all owners share. */
  private writeBeyond(owner: object, labels: Labels, value: number): void {
    const { beyond } = this.owned;
    if (this.metric.type === 'counter') {
      this.metric.inc(labels, this.growthBeyond(owner, value));
      return;
    }
    beyond.set(owner, value);
    this.metric.set(labels, this.descriptor.kind === 'observableGauge' ? value : total(beyond.values()));
  }

  /** Returns by how much a sum exceeds all that was counted of it. A lower one may lack a part that will be back. */
  private growthBeyond(owner: object, sum: number): number {
    const { owned } = this;
    let before = owned.beyond.get(owner);
    if (before === undefined) {
      before = Math.min(sum, owned.abandoned);
      owned.abandoned -= before;
    }
    owned.beyond.set(owner, Math.max(before, sum));
    return Math.max(0, sum - before);
  }

  /** Takes an owner out of the overflow series, whose count stays, and whose value that is no sum is kept. */
  private leaveOverflow(owner: object): void {
    const { beyond } = this.owned;
    const sum = beyond.get(owner);
    if (sum === undefined) return;
    beyond.delete(owner);
    if (this.metric.type === 'counter') this.owned.abandoned += sum;
    else if (this.descriptor.kind !== 'observableGauge') this.metric.setOverflow(total(beyond.values()));
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
