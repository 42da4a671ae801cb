import type { SqlRow } from '../../integrations/sql/sql-sources.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { CounterMirror } from '../counter-mirror.js';
import { numberIn, textIn } from './sql-rows.js';

/** A label name of the metrics of tables. */
export type TableLabel = 'source' | 'table';

const FURTHER_TABLES = 'other';

/**
 * Statistics of a bounded number of tables, each with series of its own as long as it exists; the remaining tables are
 * summed. The counts of each table are followed by themselves, so that none that goes or moves makes the sum grow.
 */
export class TableStatistics {
  /** Tables that have series of their own, by source. */
  private readonly shown = new Map<string, ReadonlySet<string>>();
  /** Keys of the counts of all tables, by source. */
  private readonly keys = new Map<string, ReadonlySet<string>>();

  /**
   * @param counters by the column that each one mirrors
   * @param gauges by the column that each one shows
   */
  constructor(
    private readonly counters: Readonly<Record<string, CounterMirror<TableLabel>>>,
    private readonly gauges: Readonly<Record<string, Gauge<TableLabel>>>,
    private readonly maxTables: number,
  ) {}

  /**
   * Updates the counters, and the gauges, which must have been reset.
   *
   * @param rows one row for each table, the most used first, with its name in the column `name`
   */
  update(source: string, rows: readonly SqlRow[]): void {
    const shown = this.shownOf(source, new Set(rows.map((row) => textIn(row, 'name'))));
    const keys = new Set<string>();
    for (const row of rows) {
      const name = textIn(row, 'name');
      const key = JSON.stringify([source, name]);
      keys.add(key);
      this.updateTable({ source, table: shown.has(name) ? name : FURTHER_TABLES }, row, key);
    }
    this.keys.set(source, keys);
    const all = new Set([...this.keys.values()].flatMap((each) => [...each]));
    for (const counter of Object.values(this.counters)) counter.retain(all);
  }

  /** Returns the tables that have series of their own: those that had them, then the most used. */
  private shownOf(source: string, names: ReadonlySet<string>): ReadonlySet<string> {
    const before = [...(this.shown.get(source) ?? [])].filter((name) => names.has(name));
    const shown = new Set([...new Set([...before, ...names])].slice(0, this.maxTables));
    this.shown.set(source, shown);
    return shown;
  }

  private updateTable(labels: Record<TableLabel, string>, row: SqlRow, key: string): void {
    for (const [column, counter] of Object.entries(this.counters)) {
      counter.update(labels, numberIn(row, column), key);
    }
    for (const [column, gauge] of Object.entries(this.gauges)) {
      const value = numberIn(row, column);
      if (value !== undefined) gauge.inc(labels, value);
    }
  }
}
