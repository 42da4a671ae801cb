import type { SqlRow } from '../../integrations/sql/sql-sources.js';
import type { Gauge } from '../../metrics/gauge.js';
import { type CounterMirror, growthOf } from '../counter-mirror.js';
import { numberIn, textIn } from './sql-rows.js';

/** A label name of the metrics of tables. */
export type TableLabel = 'source' | 'table';

const FURTHER_TABLES = 'other';

/** The numbers of one table, or of several, in the order of the columns; one that is unknown is absent. */
type Numbers = (number | undefined)[];

/** What is known of one source. */
interface SourceTables {
  /** Tables that have series of their own. */
  readonly shown: ReadonlySet<string>;
  /** Values of the label `table`. */
  readonly series: ReadonlySet<string>;
  /** The counts of each table, by its id. */
  readonly counts: ReadonlyMap<string, Numbers>;
  /** Those before: a table that is missing from one reading is not new in the next one. */
  readonly countsBefore: ReadonlyMap<string, Numbers>;
}

const UNREAD: SourceTables = {
  shown: new Set(),
  series: new Set(),
  counts: new Map(),
  countsBefore: new Map(),
};

/**
 * Statistics of a bounded number of tables, each with series of its own as long as it exists; the remaining tables are
 * summed. The counts of each table are followed by themselves, so that none that goes, moves or gets another name makes
 * the sum grow.
 */
export class TableStatistics {
  private readonly sources = new Map<string, SourceTables>();
  private readonly counters: readonly (readonly [column: string, CounterMirror<TableLabel>])[];
  private readonly gauges: readonly (readonly [column: string, Gauge<TableLabel>])[];

  /**
   * @param counters by the column that each one mirrors
   * @param gauges by the column that each one shows
   */
  constructor(
    counters: Readonly<Record<string, CounterMirror<TableLabel>>>,
    gauges: Readonly<Record<string, Gauge<TableLabel>>>,
    private readonly maxTables: number,
  ) {
    this.counters = Object.entries(counters);
    this.gauges = Object.entries(gauges);
  }

  /**
   * Updates the counters, and the gauges, which must have been reset.
   *
   * @param rows one row for each table, the most used first, with its name in the column `name`, and in `id` the text
   *   by which the server keeps its counts
   */
  update(source: string, rows: readonly SqlRow[]): void {
    const before = this.sources.get(source) ?? UNREAD;
    const shown = this.shownOf(before.shown, new Set(rows.map((row) => textIn(row, 'name'))));
    const counts = new Map<string, Numbers>();
    const sums = new Map<string, { readonly growth: Numbers; readonly values: Numbers }>();
    for (const row of rows) {
      const name = textIn(row, 'name');
      const table = shown.has(name) ? name : FURTHER_TABLES;
      let sum = sums.get(table);
      if (sum === undefined) sums.set(table, (sum = { growth: [], values: [] }));
      const id = textIn(row, 'id');
      const last = before.counts.get(id) ?? before.countsBefore.get(id);
      counts.set(id, this.addCounts(row, last, sum.growth));
      this.gauges.forEach(([column], i) => addTo(sum.values, i, numberIn(row, column)));
    }
    for (const [table, { growth, values }] of sums) this.write({ source, table }, growth, values);
    const series = new Set(sums.keys());
    for (const table of before.series) if (!series.has(table)) this.remove({ source, table });
    this.sources.set(source, { shown, series, counts, countsBefore: before.counts });
  }

  /** Returns the tables that have series of their own: those that had them, then the most used. */
  private shownOf(before: ReadonlySet<string>, names: ReadonlySet<string>): ReadonlySet<string> {
    const kept = [...before].filter((name) => names.has(name));
    return new Set([...new Set([...kept, ...names])].slice(0, this.maxTables));
  }

  /** Adds the growth of each count of a table to a sum. @returns the counts; the last known of those that are unknown */
  private addCounts(row: SqlRow, last: Numbers | undefined, growth: Numbers): Numbers {
    return this.counters.map(([column], i) => {
      const total = numberIn(row, column);
      const lastTotal = last?.[i];
      if (total !== undefined) addTo(growth, i, growthOf(total, lastTotal ?? 0));
      return total ?? lastTotal;
    });
  }

  private write(labels: Record<TableLabel, string>, growth: Numbers, values: Numbers): void {
    this.counters.forEach(([, counter], i) => {
      const added = growth[i];
      if (added !== undefined) counter.add(labels, added);
    });
    this.gauges.forEach(([, gauge], i) => {
      const value = values[i];
      if (value !== undefined) gauge.inc(labels, value);
    });
  }

  private remove(labels: Record<TableLabel, string>): void {
    for (const [, counter] of this.counters) counter.remove(labels);
  }
}

function addTo(sums: Numbers, index: number, value: number | undefined): void {
  if (value !== undefined) sums[index] = (sums[index] ?? 0) + value;
}
