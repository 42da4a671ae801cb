import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { type Ask, DatabaseServerCollector, numberIn } from './database-server.collector.js';
import type { ResolvedDatabaseCollector } from './database.options.js';

/** What an SQLite that the application has open says of its file. */
export class SqliteCollector extends DatabaseServerCollector {
  readonly name = 'sqlite';
  private readonly pages: Gauge<'source'>;
  private readonly freePages: Gauge<'source'>;
  private readonly size: Gauge<'source'>;

  constructor(objects: ApplicationObjects, registry: MetricsRegistry, options: ResolvedDatabaseCollector) {
    super(objects, ['sqlite'], options);
    const labelNames = ['source'] as const;
    this.pages = this.owned(registry.gauge('sqlite_pages', 'Pages of the database.', { labelNames }));
    this.freePages = this.owned(
      registry.gauge('sqlite_free_pages', 'Pages of the database that nothing is in.', { labelNames }),
    );
    this.size = this.owned(
      registry.gauge('sqlite_database_size_bytes', 'Size of the database.', { labelNames }),
    );
  }

  protected async answersOf(source: string, ask: Ask): Promise<() => void> {
    const pages = numberIn((await ask('PRAGMA page_count'))[0], 'page_count');
    const freePages = numberIn((await ask('PRAGMA freelist_count'))[0], 'freelist_count');
    const pageSize = numberIn((await ask('PRAGMA page_size'))[0], 'page_size');
    return () => {
      if (pages !== undefined) this.pages.set({ source }, pages);
      if (freePages !== undefined) this.freePages.set({ source }, freePages);
      if (pages !== undefined && pageSize !== undefined) this.size.set({ source }, pages * pageSize);
    };
  }
}
