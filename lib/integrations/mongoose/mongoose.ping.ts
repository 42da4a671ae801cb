import { abandonOnAbort } from '../abandoned-work.js';
import type { MongooseConnection } from './mongoose.discovery.js';

/** The `readyState` of an open connection. */
const CONNECTED = 1;

/** Rejects if the database does not answer, and at once without a connection. */
export async function pingMongoose(connection: MongooseConnection, signal: AbortSignal): Promise<void> {
  const { db, readyState } = connection;
  if (readyState !== CONNECTED || db === undefined) throw new Error('the connection is not open');
  await abandonOnAbort(db.command({ ping: 1 }), signal);
}
