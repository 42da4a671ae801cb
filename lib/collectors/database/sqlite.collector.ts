import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { DatabaseServerCollector, type RunQuery } from './database-server.collector.js';
import type { ServerStatisticsOptions } from './database.options.js';
import { setKnown } from './server-metrics.js';
import { numberIn } from './sql-rows.js';

const GAUGES = {
  pages: { name: 'sqlite_pages', help: 'Pages in the database.', labelNames: ['source'] },
  freePages: { name: 'sqlite_free_pages', help: 'Unused pages in the database.', labelNames: ['source'] },
  size: { name: 'sqlite_database_size_bytes', help: 'Size of the database.', labelNames: ['source'] },
} as const;

const SQLITE = {
  systems: ['sqlite'],
  gauges: GAUGES,
  counters: {},
  tableGauges: {},
  tableCounters: {},
} as const;

/** A collector of the size of each SQLite database that the application has open. */
export class SqliteCollector extends DatabaseServerCollector<typeof SQLITE> {
  readonly name = 'sqlite';

  constructor(objects: ApplicationObjects, registry: MetricsRegistry, options: ServerStatisticsOptions) {
    super(SQLITE, objects, registry, options);
  }

  protected async read(source: string, query: RunQuery): Promise<() => void> {
    const [pageCount] = await query('PRAGMA page_count');
    const [freelistCount] = await query('PRAGMA freelist_count');
    const [pageSize] = await query('PRAGMA page_size');
    const pages = numberIn(pageCount, 'page_count');
    const pageBytes = numberIn(pageSize, 'page_size');
    return () => {
      setKnown(this.gauges.pages, { source }, pages);
      setKnown(this.gauges.freePages, { source }, numberIn(freelistCount, 'freelist_count'));
      if (pages !== undefined && pageBytes !== undefined) this.gauges.size.set({ source }, pages * pageBytes);
    };
  }
}
