import type { ErrorDescription } from '../errors/error-group.js';
import type { ErrorRecord } from '../errors/error-record.js';
import type { ErrorRecords } from '../errors/error-records.js';
import type { RequestRecord } from './request-record.js';
import type { OperationCause, RequestRecords } from './request-records.js';

/** Maximum size of each list of a report, in UTF-16 code units. */
const MAX_LIST_LENGTH = 256 * 1024;
/** Maximum number of entries of each list. */
const MAX_ENTRIES = 200;

/** The error that ended a process, without values. */
export interface CrashError {
  /** Class of the error. */
  readonly error: string;
  /** Message without values, such as `User ? not found`. Undefined if it has none. */
  readonly message: string | undefined;
  /** The places of the application in the stack trace, the innermost first. */
  readonly stack: readonly string[];
  /** Classes of the causes, the nearest first. */
  readonly causes: readonly string[];
  /** The way in which it ended the process. */
  readonly origin: NodeJS.UncaughtExceptionOrigin;
}

/** The content of the file that {@link RecordsOptions.crashFile} names. It has no value of a request. */
export interface CrashReport {
  /** Time of the error, in ISO 8601. */
  readonly time: string;
  readonly pid: number;
  /** Version of Node.js. */
  readonly node: string;
  /** Age of the process, in seconds. */
  readonly uptimeSeconds: number;
  readonly error: CrashError;
  /** The causes of slow and failed operations in the last 15 minutes, failures first. */
  readonly causes: readonly OperationCause[];
  /** The groups of errors, the one with the last error first. */
  readonly errors: readonly ErrorRecord[];
  /** The records of the last failures, the newest first. */
  readonly failures: readonly RequestRecord[];
  /** The slowest records of the last hour, the slowest first. */
  readonly slowest: readonly RequestRecord[];
}

/** Returns the facts of the error that ends a process. */
export function crashError(
  { error, message, sites, causes }: ErrorDescription,
  origin: NodeJS.UncaughtExceptionOrigin,
): CrashError {
  return { error, message, stack: sites.map(({ text }) => text), causes, origin };
}

/** Returns a {@link CrashReport} as JSON, of about 1 MiB at most. The first entries of each list have precedence. */
export function crashReportText(
  error: CrashError,
  time: number,
  records: RequestRecords,
  errors: ErrorRecords,
): string {
  const facts = {
    time: new Date(time).toISOString(),
    pid: process.pid,
    node: process.version,
    uptimeSeconds: Math.round(process.uptime()),
    error,
  } satisfies Partial<CrashReport>;
  const lists = {
    causes: () => records.causes(),
    errors: () => errors.find({ limit: MAX_ENTRIES }),
    failures: () => records.find({ list: 'failures', limit: MAX_ENTRIES }),
    slowest: () => records.find({ list: 'slowest', limit: MAX_ENTRIES }),
  } satisfies Partial<Record<keyof CrashReport, () => readonly unknown[]>>;
  const texts = Object.entries(lists).map(([name, read]) => `"${name}": ${listText(read())}`);
  return `${JSON.stringify(facts, undefined, 2).slice(0, -2)},\n  ${texts.join(',\n  ')}\n}\n`;
}

/** Returns a list as JSON, with one line for each entry as long as they fit. */
function listText(entries: readonly unknown[]): string {
  const lines: string[] = [];
  let length = 0;
  for (const entry of entries.slice(0, MAX_ENTRIES)) {
    const line = JSON.stringify(entry);
    length += line.length;
    if (length > MAX_LIST_LENGTH) break;
    lines.push(`    ${line}`);
  }
  return lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n  ]`;
}
