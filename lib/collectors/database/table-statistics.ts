import type { SqlRow } from '../../integrations/sql/sql-sources.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { CounterMirror } from '../counter-mirror.js';
import { setKnown } from './server-metrics.js';
import { numberIn, textIn } from './sql-rows.js';

/** A label name of the metrics of tables. */
export type TableLabel = 'source' | 'table';

const FURTHER_TABLES = 'other';

/**
 * Statistics of a bounded number of tables. A table that has its own series keeps them, so that counts never move from
 * one series to another; the remaining tables are summed.
 */
export class TableStatistics {
  private readonly knownTables = new Map<string, Set<string>>();

  /**
   * @param counters by the column that each one mirrors
   * @param gauges by the column that each one shows
   */
  constructor(
    private readonly counters: Readonly<Record<string, CounterMirror<TableLabel>>>,
    private readonly gauges: Readonly<Record<string, Gauge<TableLabel>>>,
    private readonly maxTables: number,
  ) {}

  /** @param rows one row for each table, the most used first, with its name in the column `name` */
  update(source: string, rows: readonly SqlRow[]): void {
    const known = this.knownTables.get(source) ?? new Set<string>();
    this.knownTables.set(source, known);
    const rest: SqlRow[] = [];
    for (const row of rows) {
      const table = textIn(row, 'name');
      if (!known.has(table) && known.size >= this.maxTables) {
        rest.push(row);
        continue;
      }
      known.add(table);
      this.updateTable({ source, table }, (column) => numberIn(row, column));
    }
    if (rest.length === 0) return;
    this.updateTable({ source, table: FURTHER_TABLES }, (column) =>
      rest.reduce((sum, row) => sum + (numberIn(row, column) ?? 0), 0),
    );
  }

  private updateTable(
    labels: Record<TableLabel, string>,
    valueOf: (column: string) => number | undefined,
  ): void {
    for (const [column, counter] of Object.entries(this.counters)) counter.update(labels, valueOf(column));
    for (const [column, gauge] of Object.entries(this.gauges)) setKnown(gauge, labels, valueOf(column));
  }
}
