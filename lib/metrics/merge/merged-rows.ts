import { OVERFLOW_LABEL } from '../labels.js';
import { prefixesOf } from '../exposition-prefix.js';
import { WORKER_LABEL } from '../metric-definition.js';
import { SeriesTable } from '../series-table.js';
import { ABSENT } from '../tuple-index.js';
import { CREATED, liveRows, type MetricFamily, type SeriesIdentities } from '../snapshot.js';
import { numberAt } from './number-at.js';

/** The owner of series that are merged with those of others: a worker, or a metric of another name. */
export interface SeriesOwner {
  /** Index of the owner, shown as the label `worker` of a metric that each worker has for itself. */
  readonly index: number;
}

/** The series of a merged metric, and the mapping from the rows of each worker to its rows. */
export class MergedRows {
  labelNames: readonly string[];
  /** The label names of the workers. */
  private ownNames: readonly string[];
  private table: SeriesTable;
  /** Merged row of each row of a worker, by the identities of the worker's series. */
  private mappings = new WeakMap<SeriesIdentities, number[]>();

  /** @param isPerWorker true if each worker gets its own series, with the label `worker` */
  constructor(
    private readonly definition: MetricFamily,
    private readonly isPerWorker: boolean,
    private readonly defaultLabels: Readonly<Record<string, string>>,
    /** True if an empty label value means that a series has no such label. */
    private readonly openLabels = definition.openLabels ?? false,
  ) {
    this.ownNames = definition.labelNames;
    this.labelNames = this.allNames();
    this.table = this.newTable();
  }

  get count(): number {
    return this.table.slots;
  }

  get identities(): SeriesIdentities {
    return this.table;
  }

  /** Adds the label names of a worker to those of a metric with open labels. Its rows are mapped again. */
  addLabelNames(names: readonly string[]): void {
    const added = names.filter((name) => !this.ownNames.includes(name));
    if (added.length === 0) return;
    this.ownNames = [...this.ownNames, ...added];
    this.labelNames = this.allNames();
    this.table = this.newTable();
    this.mappings = new WeakMap();
  }

  /** Returns the merged row of each live row of a worker; new series get new rows. */
  mappingOf(worker: SeriesOwner, family: MetricFamily): readonly number[] {
    let mapping = this.mappings.get(family.identities);
    if (mapping === undefined) {
      mapping = [];
      this.mappings.set(family.identities, mapping);
    }
    for (const row of liveRows(family)) {
      mapping[row] ??= this.rowOf(family.identities.labelsOf(row), worker);
    }
    return mapping;
  }

  /**
   * Removes the series that no worker has any more. A series that comes back gets a new row, because its counts start
   * from zero.
   */
  removeDead(numbers: Float64Array): void {
    const { table } = this;
    const before = table.live;
    for (let at = CREATED, row = 0; at < numbers.length; at += this.definition.stride, row++) {
      if (Number.isNaN(numbers[at])) table.remove(row);
    }
    if (table.live < before) this.mappings = new WeakMap();
  }

  /** Replaces the table if most of its rows are dead; returns whether it did. */
  compact(numbers: Float64Array): boolean {
    if (!isWasteful(numbers, this.definition.stride)) return false;
    this.table = this.newTable();
    this.mappings = new WeakMap();
    return true;
  }

  private rowOf(labels: Readonly<Record<string, string>>, worker: SeriesOwner): number {
    const { table } = this;
    if (labels[OVERFLOW_LABEL] !== undefined) return table.overflowSlot();
    const values = this.ownNames.map((name) => labels[name] ?? '');
    if (this.isPerWorker) values.push(String(worker.index));
    const row = table.findValues(values);
    if (row !== ABSENT) return row;
    return table.live < this.definition.seriesLimit ? table.add() : table.overflowSlot();
  }

  private newTable(): SeriesTable {
    const { name, type } = this.definition;
    const { labelNames, openLabels } = this;
    const isHistogram = type === 'histogram';
    return new SeriesTable(
      labelNames,
      prefixesOf({ name, isHistogram, labelNames, openLabels }, this.defaultLabels),
    );
  }

  private allNames(): readonly string[] {
    return this.isPerWorker ? [...this.ownNames, WORKER_LABEL] : this.ownNames;
  }
}

/** Returns true if so many rows are dead that a new table is worth its cost. */
function isWasteful(numbers: Float64Array, stride: number): boolean {
  const rows = numbers.length / stride;
  let dead = 0;
  for (let at = CREATED; at < numbers.length; at += stride) if (Number.isNaN(numberAt(numbers, at))) dead++;
  return dead > (rows - dead) * 2 + 64;
}
