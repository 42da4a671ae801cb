import { ownQuery } from '../own-query.js';
import { abandonOnAbort } from '../abandoned-work.js';
import type { Mysql2Pool } from './mysql2.discovery.js';

/** Rejects if the database does not answer. A connection that does not answer is destroyed. */
export async function pingMysql2(pool: Mysql2Pool, signal: AbortSignal): Promise<void> {
  await abandonOnAbort(sendPing(pool, signal), signal);
}

function sendPing(pool: Mysql2Pool, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => {
      if (error) {
        reject(error);
        return;
      }
      if (signal.aborted) {
        connection.release();
        resolve();
        return;
      }
      const abandon = (): void => {
        connection.destroy();
        resolve();
      };
      signal.addEventListener('abort', abandon, { once: true });
      connection.query(ownQuery('SELECT 1'), (failure) => {
        if (signal.aborted) return;
        signal.removeEventListener('abort', abandon);
        connection.release();
        if (failure) reject(failure);
        else resolve();
      });
    });
  });
}
