import {
  checked,
  count,
  flag,
  type OptionTable,
  readOptions,
  switchedGroup,
  text,
} from '../../options/option-table.js';

/** Options of the records of requests, jobs, messages and GraphQL operations. */
export interface RequestsOptions {
  /** Records that say what each operation waited for, or false. @default on */
  readonly records?: RecordsOptions | boolean;
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
   * Share of the operations that are recorded in full, from 0 to 1, beyond the first ones of each second: 100, or 10 before
   * Node.js 24, where following asynchronous work costs more. It is decided every 100 ms for all that start meanwhile. With
   * 0, none is recorded in full. An operation that fails is recorded in any case, though without what it waited for.
   * @default 0.02; 1 if NODE_ENV is `development` or `test`
   */
  readonly sampleRate?: number;
  /** Number of the slowest records of the last hour that are kept for each route. @default 10 */
  readonly slowestPerRoute?: number;
  /** Number of the last failures that are kept. @default 200 */
  readonly failures?: number;
  /** Number of equal calls of one operation that make an N+1. @default 10 */
  readonly repeatedCalls?: number;
  /** Maximum size of all kept records together, in bytes. @default 4194304 */
  readonly maxBytes?: number;
  /**
   * Path of a file to which a process that an uncaught exception or an unhandled rejection ends writes the error and its
   * records. A later one replaces it.
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
export const IS_CONTEXT_EXPENSIVE = Number.parseInt(process.versions.node) < CHEAP_CONTEXT_NODE;
/** Environments in which every operation is recorded. */
const RECORDED_WHOLE: readonly (string | undefined)[] = ['development', 'test'];
/** Keeps the cost of records below 2 % of a request that has nothing to do but a few statements. */
const PRODUCTION_RATE = 0.02;

function recordsTable(environment: string | undefined): OptionTable<RecordsOptions, ResolvedRecords> {
  return {
    sampleRate: checked(
      'a number from 0 to 1',
      (rate) => typeof rate === 'number' && rate >= 0 && rate <= 1,
      RECORDED_WHOLE.includes(environment) ? 1 : PRODUCTION_RATE,
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
): ResolvedRequests {
  if (requests === false) return { records: false, serverTiming: false };
  return readOptions<RequestsOptions, ResolvedRequests>('requests', requests, {
    records: switchedGroup((records: RecordsOptions | false = {}) =>
      records === false ? false : readOptions('requests.records', records, recordsTable(environment)),
    ),
    serverTiming: flag(false),
  });
}
