import { boundedLabelValue } from '../../primitives/bounded-label-values.js';
import { escapeControls } from '../../primitives/escape-controls.js';
import type { FlightSign } from './flight-ring.js';

/** One second of a process. */
export interface FlightRow {
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  /** Memory of buffers and of native code, in bytes. */
  readonly externalBytes: number;
  /** Share of the time in which the event loop was busy, from 0 to 1. */
  readonly eventLoopUtilization: number;
  /** Time by which this row was late because the event loop was busy, in milliseconds. */
  readonly eventLoopDelayMs: number;
  /** HTTP requests in progress. */
  readonly requestsInFlight: number;
  /** The vitals that were known, by name. */
  readonly vitals: Readonly<Record<string, number>>;
  /** The routes with the most requests in the last seconds. */
  readonly routes: readonly { readonly name: string; readonly perSecond: number }[];
  /** The oldest recorded operations in progress. */
  readonly operations: readonly { readonly name: string; readonly ageMs: number }[];
  /** The groups of errors that occurred last. */
  readonly errors: readonly {
    readonly error: string;
    readonly site: string;
    readonly count: number;
    /** Time of the last error, in milliseconds since the Unix epoch. */
    readonly lastSeenAt: number;
  }[];
  /** The alerts that were firing. */
  readonly alerts: readonly { readonly rule: string; readonly severity: string }[];
}

/** The measurements of a row that other parts know. */
export type FlightSample = Pick<FlightRow, 'vitals' | 'routes' | 'operations' | 'errors' | 'alerts'>;

/** The error that ended a process. It has no value of a request. */
export interface FlightError {
  /** Class of the error. */
  readonly error: string;
  /** The first place of the application in the stack trace, or empty. */
  readonly site: string;
  readonly origin: string;
}

/** The process that writes a row. */
export interface FlightProcess {
  readonly pid: number;
  /** Start of the process, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Version of the application, or empty. */
  readonly version: string;
  /** Version of Node.js. */
  readonly node: string;
  /** Identity of the machine since it started, or empty. */
  readonly boot: string;
  /** Name of the machine or container. */
  readonly host: string;
  /** Name space of the process ID, or empty. */
  readonly namespace: string;
  /** Start of the process as the kernel counts it, or empty: another process with the same ID has another one. */
  readonly ticks: string;
  /** True for one of several workers. */
  readonly isWorker: boolean;
  /** Maximum size of the old objects of the heap, in bytes. */
  readonly heapLimitBytes: number;
}

/** Counts of processes that the kernel killed for lack of memory. */
export interface MemoryKills {
  /** Identity of the control group, or empty. */
  readonly group: string;
  /** Memory limit of the control group, in bytes; 0 for none. */
  readonly limitBytes: number;
  /** Kills in the control group, and on the machine; -1 if unknown. */
  readonly inGroup: number;
  readonly onMachine: number;
}

/** The end of a process, as it is written before it ends. */
export interface FlightEnd {
  /** Exit code; -1 if the application was closed and the process went on. */
  readonly code: number;
  /** Signal that ended the process at once, or empty. */
  readonly signal: string;
  /** True if the application was closed. */
  readonly isClosed: boolean;
}

/** The content of a slot. */
export interface FlightEntry {
  readonly row: FlightRow;
  /** Last sign of life after the row. It is not in the text of the entry. */
  readonly sign?: FlightSign | undefined;
  readonly process: FlightProcess;
  readonly kills: MemoryKills;
  /** Used old objects of the heap, in bytes. */
  readonly oldSpaceBytes: number;
  /** Signal that asked the process to end, and its time. */
  readonly asked?: { readonly signal: string; readonly time: number } | undefined;
  readonly error?: FlightError | undefined;
  readonly end?: FlightEnd | undefined;
}

const MAX_TEXT = 120;
const MAX_VITALS = 20;
/** The last time of a `Date`, in milliseconds since the Unix epoch. */
const MAX_TIME = 8.64e15;
const LISTS = ['routes', 'operations', 'errors', 'alerts'] as const;
/** Maximum number of items of a list. */
export const MAX_ITEMS = 5;

/** Returns the time of the last sign of life of the process that wrote an entry, in milliseconds since the Unix epoch. */
export function lastSignOf({ row, sign }: FlightEntry): number {
  return Math.max(row.time, sign?.time ?? 0);
}

/** Returns the text of an entry, with at most so many items of each list. */
export function entryText(entry: FlightEntry, maxItems = MAX_ITEMS): string {
  if (maxItems >= MAX_ITEMS) return JSON.stringify(entry);
  const { row } = entry;
  const lists = LISTS.map((name) => [name, row[name].slice(0, maxItems)]);
  return JSON.stringify({ ...entry, row: { ...row, ...(Object.fromEntries(lists) as object) } });
}

/** Returns a sample with short texts and lists, whatever the application has named its parts. */
export function boundedSample(sample: object): FlightSample {
  const fields = fieldsOf(sample);
  return {
    vitals: Object.fromEntries(
      Object.entries(fieldsOf(fields['vitals']))
        .slice(0, MAX_VITALS)
        .flatMap(([name, value]) => (isNumber(value) ? [[boundedText(name), value]] : [])),
    ),
    routes: listIn(fields, 'routes', (item) => ({
      name: textIn(item, 'name'),
      perSecond: numberIn(item, 'perSecond'),
    })),
    operations: listIn(fields, 'operations', (item) => ({
      name: textIn(item, 'name'),
      ageMs: numberIn(item, 'ageMs'),
    })),
    errors: listIn(fields, 'errors', (item) => ({
      error: textIn(item, 'error'),
      site: textIn(item, 'site'),
      count: numberIn(item, 'count'),
      lastSeenAt: timeIn(item, 'lastSeenAt'),
    })),
    alerts: listIn(fields, 'alerts', (item) => ({
      rule: textIn(item, 'rule'),
      severity: textIn(item, 'severity'),
    })),
  };
}

/**
 * Reads an entry, whatever the text is; undefined if it is none.
 *
 * @param sign last sign of life after the row
 */
export function readEntry(text: string, sign?: FlightSign): FlightEntry | undefined {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return undefined;
  }
  const entry = fieldsOf(given);
  const process = fieldsOf(entry['process']);
  if (typeof process['pid'] !== 'number') return undefined;
  const { kills, row } = entry;
  const asked = objectIn(entry, 'asked');
  const error = objectIn(entry, 'error');
  const end = objectIn(entry, 'end');
  return {
    row: readRow(fieldsOf(row)),
    ...(sign !== undefined && sign.time <= MAX_TIME && { sign }),
    process: {
      pid: numberIn(process, 'pid'),
      startedAt: timeIn(process, 'startedAt'),
      version: textIn(process, 'version'),
      node: textIn(process, 'node'),
      boot: textIn(process, 'boot'),
      host: textIn(process, 'host'),
      namespace: textIn(process, 'namespace'),
      ticks: textIn(process, 'ticks'),
      isWorker: process['isWorker'] === true,
      heapLimitBytes: numberIn(process, 'heapLimitBytes'),
    },
    kills: {
      group: textIn(fieldsOf(kills), 'group'),
      limitBytes: numberIn(fieldsOf(kills), 'limitBytes'),
      inGroup: numberIn(fieldsOf(kills), 'inGroup', -1),
      onMachine: numberIn(fieldsOf(kills), 'onMachine', -1),
    },
    oldSpaceBytes: numberIn(entry, 'oldSpaceBytes'),
    asked: asked && { signal: textIn(asked, 'signal'), time: timeIn(asked, 'time') },
    error: error && {
      error: textIn(error, 'error'),
      site: textIn(error, 'site'),
      origin: textIn(error, 'origin'),
    },
    end: end && {
      code: numberIn(end, 'code'),
      signal: textIn(end, 'signal'),
      isClosed: end['isClosed'] === true,
    },
  };
}

function readRow(row: Fields): FlightRow {
  return {
    time: timeIn(row, 'time'),
    rssBytes: numberIn(row, 'rssBytes'),
    heapUsedBytes: numberIn(row, 'heapUsedBytes'),
    externalBytes: numberIn(row, 'externalBytes'),
    eventLoopUtilization: numberIn(row, 'eventLoopUtilization'),
    eventLoopDelayMs: numberIn(row, 'eventLoopDelayMs'),
    requestsInFlight: numberIn(row, 'requestsInFlight'),
    ...boundedSample(row),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function objectIn(fields: Fields, name: string): Fields | undefined {
  const value = fields[name];
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function numberIn(fields: Fields, name: string, otherwise = 0): number {
  const value = fields[name];
  return isNumber(value) ? value : otherwise;
}

/** Returns a time that a `Date` can have. */
function timeIn(fields: Fields, name: string): number {
  const value = numberIn(fields, name);
  return Math.abs(value) <= MAX_TIME ? value : 0;
}

function textIn(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? boundedText(value) : '';
}

/** Returns a text of at most {@link MAX_TEXT} characters, all of which can be shown. */
export function boundedText(text: string): string {
  return boundedLabelValue(escapeControls(text.slice(0, 2 * MAX_TEXT)), MAX_TEXT);
}

function listIn<T>(fields: Fields, name: string, read: (item: Fields) => T): T[] {
  const value = fields[name];
  return Array.isArray(value) ? value.slice(0, MAX_ITEMS).map((item) => read(fieldsOf(item))) : [];
}
