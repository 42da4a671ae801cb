import type { Counter } from '../../metrics/counter.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { SqlRow } from '../../integrations/sql/sql-sources.js';
import { Cumulative } from '../cumulative.js';
import { numberIn, textIn } from './database-server.collector.js';

type TableLabel = 'source' | 'table';

const FURTHER_TABLES = 'other';

/**
 * What a server says of each table, of a bounded number of them. A table that has series of its own keeps them, so that
 * counts never go from one series to another; the others are summed.
 */
export class TableStatistics {
  private readonly known = new Map<string, Set<string>>();
  private readonly counts: readonly { column: string; cumulative: Cumulative<TableLabel> }[];

  /** @param counters and gauges by the column that they show */
  constructor(
    counters: Readonly<Record<string, Counter<TableLabel>>>,
    private readonly gauges: Readonly<Record<string, Gauge<TableLabel>>>,
    private readonly tableLimit: number,
  ) {
    this.counts = Object.entries(counters).map(([column, counter]) => ({
      column,
      cumulative: new Cumulative(counter),
    }));
  }

  /** @param rows one for each table, which is in the column `name`, the most used first */
  show(source: string, rows: readonly SqlRow[]): void {
    const known = this.known.get(source) ?? new Set<string>();
    this.known.set(source, known);
    const rest: SqlRow[] = [];
    for (const row of rows) {
      const table = textIn(row, 'name');
      if (!known.has(table) && known.size >= this.tableLimit) {
        rest.push(row);
        continue;
      }
      known.add(table);
      this.showOne({ source, table }, (column) => numberIn(row, column));
    }
    if (rest.length === 0) return;
    this.showOne({ source, table: FURTHER_TABLES }, (column) =>
      rest.reduce((sum, row) => sum + (numberIn(row, column) ?? 0), 0),
    );
  }

  private showOne(labels: Record<TableLabel, string>, valueOf: (column: string) => number | undefined): void {
    for (const { column, cumulative } of this.counts) cumulative.follow(labels, valueOf(column));
    for (const [column, gauge] of Object.entries(this.gauges)) {
      const value = valueOf(column);
      if (value !== undefined) gauge.set(labels, value);
    }
  }
}
