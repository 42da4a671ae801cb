import { unlessAborted } from '../../primitives/deadline.js';
import type { Knex } from '../knex/knex.discovery.js';
import { ownQuery } from '../own-query.js';
import type { PgPool } from './pg.discovery.js';
import type { PgClientInternals } from './pg.internals.js';

/** The name under which the server lists the connection. */
const APPLICATION_NAME = 'nestjs-monitoring';

/** The used part of a client that is not in a pool. */
interface OwnClient extends PgClientInternals {
  connect(): Promise<void>;
  query(sql: string): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
  end(): Promise<void>;
  on(event: 'error', listener: () => void): unknown;
}

type OwnClientClass = new (settings: object) => OwnClient;

/** A source of connections to one PostgreSQL server, with the settings of the application. */
export interface PgSettings {
  readonly Client: OwnClientClass;
  readonly settings: object;
}

/** A function that runs a statement of monitoring. */
export type PgQuery = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** Returns the settings of a pool. */
export function pgSettingsOfPool({ Client, options }: PgPool): PgSettings {
  return { Client: Client as unknown as OwnClientClass, settings: options };
}

/** Returns the settings of an instance of Knex on `pg`; undefined on any other database. */
export function pgSettingsOfKnex({ client }: Knex): PgSettings | undefined {
  const { driver, connectionSettings } = client as {
    readonly driver?: { readonly Client?: unknown };
    readonly connectionSettings?: unknown;
  };
  if (client.config.client !== 'pg' || typeof driver?.Client !== 'function') return undefined;
  if (typeof connectionSettings !== 'object' || connectionSettings === null) return undefined;
  return { Client: driver.Client as OwnClientClass, settings: connectionSettings };
}

/**
 * Runs work over a connection of its own, which is closed afterwards. The pool of the application may be exhausted while
 * its database is looked at, and no caller of the application waits for this.
 *
 * @param signal destroys the connection when it is aborted
 */
export async function withOwnPgConnection<T>(
  { Client, settings }: PgSettings,
  signal: AbortSignal,
  work: (query: PgQuery) => Promise<T>,
): Promise<T> {
  const client = new Client({ ...visible(settings), application_name: APPLICATION_NAME });
  // A connection that is lost would end the process without a listener.
  client.on('error', ignore);
  const destroy = (): void => void client.connection?.stream?.destroy();
  signal.addEventListener('abort', destroy, { once: true });
  try {
    const connecting = client.connect();
    connecting.catch(ignore);
    await unlessAborted(connecting, signal);
    const query: PgQuery = async (sql) => {
      const answer = client.query(ownQuery(sql));
      answer.catch(ignore);
      return (await unlessAborted(answer, signal)).rows;
    };
    return await work(query);
  } finally {
    signal.removeEventListener('abort', destroy);
    if (signal.aborted) destroy();
    else client.end().catch(ignore);
  }
}

/** Returns the settings with those that `pg` hides from enumeration, such as the password. */
function visible(settings: object): object {
  const names = Object.getOwnPropertyNames(settings);
  return Object.fromEntries(names.map((name) => [name, Reflect.get(settings, name) as unknown]));
}

function ignore(): void {}
