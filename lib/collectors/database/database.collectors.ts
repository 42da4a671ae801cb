import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import type { OperationWaits } from '../../integrations/operation-waits.js';
import type { Clock } from '../../metrics/clock.js';
import type { Convention } from '../../metrics/conventions/conventions.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ManagedCollector } from '../managed-collector.js';
import { DatabaseClientsCollector } from './database-clients.collector.js';
import type { ResolvedDatabaseCollector } from './database.options.js';
import { MysqlCollector } from './mysql.collector.js';
import { PostgresqlCollector } from './postgresql.collector.js';
import { SqliteCollector } from './sqlite.collector.js';

/** Returns the collectors of database clients and of database server statistics. */
export function databaseCollectors(
  objects: ApplicationObjects,
  registry: MetricsRegistry,
  clock: Clock,
  options: ResolvedDatabaseCollector,
  operations?: OperationWaits,
  convention?: Convention,
): ManagedCollector[] {
  const clients = new DatabaseClientsCollector(
    objects,
    registry,
    clock,
    { ...options, convention },
    operations,
  );
  if (!options.serverStatistics) return [clients];
  return [
    clients,
    new PostgresqlCollector(objects, registry, options),
    new MysqlCollector(objects, registry, options),
    new SqliteCollector(objects, registry, options),
  ];
}
