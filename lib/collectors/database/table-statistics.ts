import type { SqlRow } from '../../integrations/sql/sql-sources.js';
import type { Gauge } from '../../metrics/gauge.js';
import { type CounterMirror, growthOf } from '../counter-mirror.js';
import { numberIn, textIn } from './sql-rows.js';

/** A label name of the metrics of tables. */
export type TableLabel = 'source' | 'table';

const FURTHER_TABLES = 'other';

/** The numbers of one table, or of several, in the order of the columns; one that is unknown is absent. */
type Numbers = (number | undefined)[];

/** The latest known counts of one table. */
interface TableCounts {
  readonly totals: Numbers;
  /** The number of the latest reading that had the table. */
  reading: number;
}

/** The tables of one source. */
class SourceTables {
  reading = 0;
  /** Tables that have series of their own. */
  shown: ReadonlySet<string> = new Set();
  /** Values of the label `table`. */
  series: ReadonlySet<string> = new Set();
  private readonly counts = new Map<string, TableCounts>();

  /** Returns the counts of a table that is in this reading. */
  countsOf(id: string): Numbers {
    let counts = this.counts.get(id);
    if (counts === undefined) this.counts.set(id, (counts = { totals: [], reading: 0 }));
    counts.reading = this.reading;
    return counts.totals;
  }

  /** Forgets the tables that have gone; one that is missing from a single reading is not new in the next one. */
  forgetGone(tables: number): void {
    if (this.counts.size === tables) return;
    for (const [id, { reading }] of this.counts) if (reading < this.reading - 1) this.counts.delete(id);
  }
}

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
    const tables = this.sources.get(source) ?? new SourceTables();
    this.sources.set(source, tables);
    tables.reading++;
    tables.shown = this.shownOf(tables.shown, rows);
    const sums = new Map<string, { readonly growth: Numbers; readonly values: Numbers }>();
    for (const row of rows) {
      const name = textIn(row, 'name');
      const table = tables.shown.has(name) ? name : FURTHER_TABLES;
      let sum = sums.get(table);
      if (sum === undefined) sums.set(table, (sum = { growth: [], values: [] }));
      this.addGrowth(sum.growth, tables.countsOf(textIn(row, 'id')), row);
      for (let i = 0; i < this.gauges.length; i++) addTo(sum.values, i, numberIn(row, this.gauges[i]![0]));
    }
    tables.forgetGone(rows.length);
    for (const [table, { growth, values }] of sums) this.write({ source, table }, growth, values);
    for (const table of tables.series) if (!sums.has(table)) this.remove({ source, table });
    tables.series = new Set(sums.keys());
  }

  /** Returns the tables that have series of their own: those that had them, then the most used. */
  private shownOf(before: ReadonlySet<string>, rows: readonly SqlRow[]): ReadonlySet<string> {
    const names = rows.map((row) => textIn(row, 'name'));
    const shown = new Set(names.filter((name) => before.has(name)));
    for (const name of names) {
      if (shown.size >= this.maxTables) break;
      shown.add(name);
    }
    return shown;
  }

  /** Adds the growth of each count of a table to a sum, and keeps the counts; one that is unknown stays. */
  private addGrowth(growth: Numbers, totals: Numbers, row: SqlRow): void {
    for (let i = 0; i < this.counters.length; i++) {
      const total = numberIn(row, this.counters[i]![0]);
      if (total === undefined) continue;
      addTo(growth, i, growthOf(total, totals[i] ?? 0));
      totals[i] = total;
    }
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
