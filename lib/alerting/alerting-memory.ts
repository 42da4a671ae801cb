import { isMatcher } from '../query/label-matchers.js';
import { type Alert, fingerprintOf } from './alert.js';
import type { Told } from './notifications/alert-group.js';
import type { Silence } from './notifications/silences.js';
import type { ActiveAlert } from './rule-state.js';
import { SEVERITIES } from './rules/rule-checks.js';

/** The state of alerting that is kept over a restart. */
export interface AlertingMemory {
  readonly version: 1;
  /** Milliseconds since the Unix epoch. */
  readonly savedAt: number;
  /** By the name of the rule and its severity. */
  readonly alerts: Readonly<Record<string, readonly ActiveAlert[]>>;
  readonly silences: readonly Silence[];
  /** The knowledge of each handler, by its name. */
  readonly told: Readonly<Record<string, Readonly<Record<string, Told>>>>;
}

/** The readable part of a file, and the names of the rest. */
export interface ReadMemory {
  readonly memory: AlertingMemory;
  /** Such as `alerts.long_queue/warning[2]`. */
  readonly discarded: readonly string[];
}

/** So many things that were discarded are named. */
const MOST_NAMED = 10;

/**
 * Reads what was saved, whatever is in the file by now: what is odd is left out, and what is said to have happened
 * later than now, by a clock that was wrong, happened now.
 *
 * @throws {Error} if it is nothing of the kind
 */
export function readMemory(json: unknown, now: number): ReadMemory {
  if (!isRecord(json) || json['version'] !== 1 || !isTime(json['savedAt'])) {
    throw new Error('it is not the state of this version');
  }
  const reader = new Reader(now);
  const memory: AlertingMemory = {
    version: 1,
    savedAt: Math.min(json['savedAt'], now),
    alerts: reader.record('alerts', json['alerts'], (at, list) =>
      reader.list(at, list, (given) => activeAlertOf(given, now)),
    ),
    silences: reader.list('silences', json['silences'], silenceOf),
    told: reader.record('told', json['told'], (at, groups) =>
      reader.record(at, groups, (place, group) => reader.told(place, group)),
    ),
  };
  const { discarded } = reader;
  const more = discarded.length - MOST_NAMED;
  return {
    memory,
    discarded: more > 0 ? [...discarded.slice(0, MOST_NAMED), `and ${more} more`] : discarded,
  };
}

/** Goes through what was read, and notes what it leaves out. */
class Reader {
  readonly discarded: string[] = [];

  constructor(private readonly now: number) {}

  record<T>(place: string, given: unknown, read: (place: string, given: unknown) => T): Record<string, T> {
    if (!isRecord(given)) {
      this.discarded.push(place);
      return {};
    }
    return Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, read(`${place}.${name}`, value)]),
    );
  }

  list<T>(place: string, given: unknown, read: (given: unknown) => T | undefined): T[] {
    if (!Array.isArray(given)) {
      this.discarded.push(place);
      return [];
    }
    return given.flatMap((one, i) => {
      const value = read(one);
      if (value === undefined) this.discarded.push(`${place}[${i}]`);
      return value === undefined ? [] : [value];
    });
  }

  told(place: string, given: unknown): Told {
    if (!isRecord(given) || !isTime(given['at'])) {
      this.discarded.push(place);
      return { at: 0, firing: [], untold: [] };
    }
    const { at, firing, untold } = given;
    const read = (alert: unknown): Alert | undefined => alertOf(alert, this.now);
    return {
      at: Math.min(at, this.now),
      firing: this.list(`${place}.firing`, firing, read),
      untold: this.list(`${place}.untold`, untold, read),
    };
  }
}

function activeAlertOf(given: unknown, now: number): ActiveAlert | undefined {
  if (!isRecord(given) || !isLabels(given['series'])) return undefined;
  const common = commonOf(given, now);
  if (common === undefined) return undefined;
  const { series, measured, keepFiringSince, heldUntil } = given;
  if (!isTimeOrNone(keepFiringSince) || !isTimeOrNone(heldUntil)) return undefined;
  return {
    ...common,
    series,
    measured: Number.isInteger(measured) ? (measured as number) : -1,
    keepFiringSince: atMost(now, keepFiringSince),
    heldUntil,
  };
}

function alertOf(given: unknown, now: number): Alert | undefined {
  if (!isRecord(given) || typeof given['rule'] !== 'string') return undefined;
  const severity = SEVERITIES.find((known) => known === given['severity']);
  const common = commonOf(given, now);
  if (severity === undefined || common === undefined) return undefined;
  const { firedAt, resolvedAt, ...rest } = common;
  return {
    ...rest,
    rule: given['rule'],
    severity,
    ...(firedAt !== undefined && { firedAt }),
    ...(resolvedAt !== undefined && { resolvedAt }),
  };
}

/** The part that alerts between evaluations share with those that handlers are told of. */
function commonOf(given: Readonly<Record<string, unknown>>, now: number) {
  const { labels, annotations, message, value, state, activeAt, firedAt, resolvedAt } = given;
  if (!isLabels(labels) || !isLabels(annotations) || typeof message !== 'string') return undefined;
  if (!isTime(activeAt) || !isTimeOrNone(firedAt) || !isTimeOrNone(resolvedAt)) return undefined;
  if (!isState(state) || (state === 'firing' && firedAt === undefined)) return undefined;
  if (state === 'resolved' && resolvedAt === undefined) return undefined;
  return {
    state,
    labels,
    annotations,
    message,
    fingerprint: fingerprintOf(labels),
    // JSON knows neither NaN nor the infinities.
    value: typeof value === 'number' ? value : NaN,
    activeAt: Math.min(activeAt, now),
    firedAt: atMost(now, firedAt),
    resolvedAt: atMost(now, resolvedAt),
  };
}

function atMost(now: number, time: number | undefined): number | undefined {
  return time === undefined ? undefined : Math.min(time, now);
}

function silenceOf(given: unknown): Silence | undefined {
  if (!isRecord(given)) return undefined;
  const { id, matchers, startsAt, endsAt, createdBy, comment } = given;
  const isWhole =
    typeof id === 'string' && typeof createdBy === 'string' && typeof comment === 'string' && id !== '';
  if (!isWhole || !isTime(startsAt) || !isTime(endsAt)) return undefined;
  if (!Array.isArray(matchers) || matchers.length === 0 || !matchers.every(isMatcher)) return undefined;
  return { id, matchers, startsAt, endsAt, createdBy, comment };
}

function isState(given: unknown): given is ActiveAlert['state'] {
  return given === 'pending' || given === 'firing' || given === 'resolved';
}

function isRecord(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

function isLabels(given: unknown): given is Readonly<Record<string, string>> {
  return isRecord(given) && Object.values(given).every((value) => typeof value === 'string');
}

/** Returns whether it is a time that a `Date` can show. */
function isTime(given: unknown): given is number {
  return typeof given === 'number' && Math.abs(given) <= 8.64e15;
}

function isTimeOrNone(given: unknown): given is number | undefined {
  return given === undefined || isTime(given);
}
