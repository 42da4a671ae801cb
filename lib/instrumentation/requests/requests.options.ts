import {
  checked,
  count,
  flag,
  group,
  type OptionTable,
  readOptions,
  text,
} from '../../options/option-table.js';

/** Options of the records of requests, jobs, messages and GraphQL operations. */
export interface RequestsOptions {
  /** Records that say what each operation waited for, or false. @default on */
  readonly records?: RecordsOptions | false;
  /**
   * True to add the header `Server-Timing` to the responses of recorded requests: the time by what it was spent on, and in
   * total, up to the moment at which the head is written. Browsers show it in their developer tools.
   * @default false
   */
  readonly serverTiming?: boolean;
}

/** Options of the records. */
export interface RecordsOptions {
  /**
   * Share of operations that are recorded in full, from 0 to 1, beyond the first ten of each second. It is decided every
   * 100 ms for all that start meanwhile. With 0, none is recorded. An
   * operation that fails is recorded in any case, though without what it waited for.
   * @default 1; 0.05 in production before Node.js 24, where following asynchronous work costs more
   */
  readonly sampleRate?: number;
  /** Number of the slowest records of the last hour that are kept for each route. @default 10 */
  readonly slowestPerRoute?: number;
  /** Number of the last failures that are kept. @default 200 */
  readonly failures?: number;
  /** Number of equal calls within one operation from which on it counts as an N+1. @default 10 */
  readonly repeatedCalls?: number;
  /** Maximum size of all kept records together, in bytes. @default 4194304 */
  readonly maxBytes?: number;
  /**
   * Path of a file that has the error and the records of a process which an uncaught exception or an unhandled rejection
   * has ended. A later one replaces it.
   * @default no file
   */
  readonly crashFile?: string;
}

/** The options of the records, with every default filled in. */
export interface ResolvedRecords extends Required<Omit<RecordsOptions, 'crashFile'>> {
  readonly crashFile: string | undefined;
}

/** The options of {@link RequestsOptions}, with every default filled in. */
export interface ResolvedRequests {
  readonly records: ResolvedRecords | false;
  readonly serverTiming: boolean;
}

/** The first major version of Node.js in which following asynchronous work is nearly free. */
const CHEAP_CONTEXT_NODE = 24;
/** True if an async context in use makes every promise of the process slower. */
export const IS_CONTEXT_EXPENSIVE = majorOf(process.versions.node) < CHEAP_CONTEXT_NODE;
const EXPENSIVE_CONTEXT_RATE = 0.05;

function recordsTable(
  environment: string | undefined,
  nodeMajor: number,
): OptionTable<RecordsOptions, ResolvedRecords> {
  const isExpensive =
    nodeMajor < CHEAP_CONTEXT_NODE && environment !== 'development' && environment !== 'test';
  return {
    sampleRate: checked(
      'a number from 0 to 1',
      (rate) => typeof rate === 'number' && rate >= 0 && rate <= 1,
      isExpensive ? EXPENSIVE_CONTEXT_RATE : 1,
    ),
    slowestPerRoute: count(10),
    failures: count(200),
    repeatedCalls: count(10, 2),
    maxBytes: count(4 * 1024 * 1024, 64 * 1024),
    crashFile: text('the path of a file'),
  };
}

/**
 * Checks the options and fills in every default.
 *
 * @param environment the value of NODE_ENV
 * @throws {MonitoringOptionsError} for invalid options
 */
export function resolveRequests(
  requests: RequestsOptions | false = {},
  environment?: string,
  nodeMajor = majorOf(process.versions.node),
): ResolvedRequests {
  if (requests === false) return { records: false, serverTiming: false };
  return readOptions<RequestsOptions, ResolvedRequests>('requests', requests, {
    records: group((records: RecordsOptions | false = {}) =>
      records === false
        ? false
        : readOptions('requests.records', records, recordsTable(environment, nodeMajor)),
    ),
    serverTiming: flag(false),
  });
}

function majorOf(version: string): number {
  return Number(version.split('.')[0]);
}
