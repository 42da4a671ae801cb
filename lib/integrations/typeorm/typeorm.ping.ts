import { abandonOnAbort } from '../abandoned-work.js';
import { ownQuery } from '../own-query.js';
import { pgPoolOf } from '../pg/pg.discovery.js';
import { pingPgPool } from '../pg/pg.ping.js';
import type { TypeOrmDataSource, TypeOrmQueryRunner } from './typeorm.discovery.js';

/** Rejects if the database does not answer. */
export async function pingTypeOrm(dataSource: TypeOrmDataSource, signal: AbortSignal): Promise<void> {
  if (!dataSource.isInitialized) throw new Error('the data source is not initialized');
  const pool = pgPoolOf(dataSource);
  if (pool !== undefined) return pingPgPool(pool, signal);
  const runner = dataSource.createQueryRunner();
  await abandonOnAbort(
    sendPing(runner, dataSource.options).finally(() => runner.release()),
    signal,
  );
}

async function sendPing(runner: TypeOrmQueryRunner, options: TypeOrmDataSource['options']): Promise<void> {
  const { type, database } = options;
  if (type === 'mongodb') await runner.databaseConnection?.db(database).command({ ping: 1 });
  else if (type === 'oracle') await runner.query(ownQuery('SELECT 1 FROM DUAL'));
  else if (type === 'sap') await runner.query(ownQuery('SELECT 1 FROM DUMMY'));
  else await runner.query(ownQuery('SELECT 1'));
}
