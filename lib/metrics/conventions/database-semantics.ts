import { UNKNOWN_TABLE } from '../label-values.js';
import { DATABASE_METRICS, REDIS_METRICS } from '../metric-names.js';
import { ERROR_DETAIL } from './semantic-recording.js';
import {
  computed,
  constant,
  renamed,
  type SemanticAttribute,
  type SemanticMetric,
} from './semantic-metric.js';

/** Our names of systems that the semantic conventions spell differently. */
const SYSTEMS: ReadonlyMap<string, string> = new Map([
  ['mssql', 'microsoft.sql_server'],
  ['oracle', 'oracle.db'],
  ['better-sqlite3', 'sqlite'],
]);
/** Classes of statements that are no operation of a database. */
const NO_OPERATION: readonly string[] = ['ddl', 'other'];
const MONGODB = 'mongodb';
const REDIS = 'redis';
/** The codes of errors that a server sends; the network and the classes of this library have others. */
const SERVER_CODE = /^(?:\d|(?:F0|HV|P0|XX)[0-9A-Z]{3}$)/;

const SYSTEM = renamed('db.system.name', 'system', (system) => SYSTEMS.get(system) ?? system);
const OPERATION: SemanticAttribute = {
  ...renamed('db.operation.name', 'operation', (operation) => operationOf(operation)),
  read: ({ system = '', operation = '' }) =>
    system === MONGODB ? mongoCommand(operation) : operationOf(operation),
};
const COLLECTION = renamed('db.collection.name', 'table', (table) => (table === UNKNOWN_TABLE ? '' : table));
const RESPONSE_CODE = computed('db.response.status_code', ({ [ERROR_DETAIL]: error = '' }) =>
  SERVER_CODE.test(error) ? error : '',
);
const ERROR_TYPE = computed('error.type', ({ [ERROR_DETAIL]: error = '' }) => error);
const POOL = renamed('db.client.connection.pool.name', 'pool');
const STATE = renamed('db.client.connection.state', 'state');

/** The metrics of database clients and their pools. */
export const DATABASE_SEMANTICS: readonly SemanticMetric[] = [
  {
    name: 'db.client.operation.duration',
    domain: 'database',
    instrument: 'histogram',
    unit: 's',
    help: 'Duration of database client operations.',
    sources: [
      {
        metric: DATABASE_METRICS.duration,
        labelNames: ['system', 'operation', 'table'],
        attributes: [SYSTEM, OPERATION, COLLECTION, RESPONSE_CODE, ERROR_TYPE],
      },
      {
        metric: REDIS_METRICS.commandDuration,
        labelNames: ['client', 'command'],
        attributes: [
          constant('db.system.name', REDIS),
          renamed('db.operation.name', 'command', (command) => operationOf(command)),
          ERROR_TYPE,
        ],
        asOwn: ({ command = '' }) => ({ system: REDIS, operation: command, table: UNKNOWN_TABLE }),
      },
    ],
    covers: [
      {
        metric: DATABASE_METRICS.errors,
        labels: { error: 'error.type' },
        only: { 'error.type': { not: '' } },
      },
    ],
  },
  {
    name: 'db.client.connection.count',
    domain: 'database',
    instrument: 'updowncounter',
    unit: '{connection}',
    help: 'Number of connections that are currently in the state that the attribute names.',
    sources: [
      { metric: DATABASE_METRICS.connections, labelNames: ['pool', 'state'], attributes: [POOL, STATE] },
    ],
  },
  {
    name: 'db.client.connection.limit',
    domain: 'database',
    instrument: 'updowncounter',
    unit: '{connection}',
    help: 'Maximum number of open connections allowed.',
    sources: [{ metric: DATABASE_METRICS.max, labelNames: ['pool'], attributes: [POOL] }],
  },
  {
    name: 'db.client.connection.pending_requests',
    domain: 'database',
    instrument: 'updowncounter',
    unit: '{request}',
    help: 'Number of requests that wait for an open connection.',
    sources: [{ metric: DATABASE_METRICS.pending, labelNames: ['pool'], attributes: [POOL] }],
  },
  {
    name: 'db.client.connection.wait_time',
    domain: 'database',
    instrument: 'histogram',
    unit: 's',
    help: 'Time to obtain an open connection from the pool.',
    sources: [{ metric: DATABASE_METRICS.wait, labelNames: ['pool'], attributes: [POOL] }],
  },
];

/** Attributes of our other database metrics, which have no semantic name. */
export const DATABASE_ATTRIBUTES: readonly SemanticAttribute[] = [SYSTEM, OPERATION, COLLECTION];

function operationOf(operation: string): string {
  return NO_OPERATION.includes(operation) ? '' : operation.toUpperCase();
}

/** Returns the command of MongoDB for a class of statements. */
function mongoCommand(operation: string): string {
  if (NO_OPERATION.includes(operation)) return '';
  return operation === 'select' ? 'find' : operation;
}
