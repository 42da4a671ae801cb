import { isMatcher } from '../../query/label-matchers.js';
import { type Alert, fingerprintOf } from '../alert.js';
import type { NotificationLogEntry } from '../notifications/alert-group.js';
import type { NotificationLog } from '../notifications/channel-registry.js';
import type { Silence } from '../notifications/silences.js';
import type { ActiveAlert } from '../evaluation/active-alert.js';
import { SEVERITIES } from '../rules/rule-checks.js';
import { isRecord } from '../../primitives/is-object.js';

/** The state of alerting that survives a restart. */
export interface AlertingState {
  readonly version: 1;
  /** The time of the save, in milliseconds since the Unix epoch. */
  readonly savedAt: number;
  /** The alerts of each rule, by rule name and severity. */
  readonly alerts: Readonly<Record<string, readonly ActiveAlert[]>>;
  readonly silences: readonly Silence[];
  readonly notifications: NotificationLog;
}

/** A parsed state, and the places of its invalid parts. */
export interface ParsedState {
  readonly state: AlertingState;
  /** The discarded parts, such as `alerts.long_queue/warning[2]`. */
  readonly discarded: readonly string[];
}

/** Maximum number of invalid parts that are named. */
const MAX_NAMED = 10;

/**
 * Parses a saved state of any content. Invalid parts are discarded. Times later than now, from a clock that was wrong,
 * become now.
 *
 * @throws {Error} if it is not a saved state of this version
 */
export function parseState(json: unknown, now: number): ParsedState {
  if (!isRecord(json) || json['version'] !== 1 || !isTime(json['savedAt'])) {
    throw new Error('it is not a saved alert state of version 1');
  }
  const parser = new StateParser(now);
  const state: AlertingState = {
    version: 1,
    savedAt: Math.min(json['savedAt'], now),
    alerts: parser.record('alerts', json['alerts'], (place, list) =>
      parser.list(place, list, (given) => activeAlertOf(given, now)),
    ),
    silences: parser.list('silences', json['silences'], silenceOf),
    notifications: parser.record('notifications', json['notifications'], (place, groups) =>
      parser.record(place, groups, (group, given) => parser.logEntry(group, given)),
    ),
  };
  const { discarded } = parser;
  const more = discarded.length - MAX_NAMED;
  return {
    state,
    discarded: more > 0 ? [...discarded.slice(0, MAX_NAMED), `and ${more} more`] : discarded,
  };
}

/** A parser of the parts of a state that records the invalid ones. */
class StateParser {
  readonly discarded: string[] = [];

  constructor(private readonly now: number) {}

  record<T>(place: string, given: unknown, parse: (place: string, given: unknown) => T): Record<string, T> {
    if (!isRecord(given)) {
      this.discarded.push(place);
      return {};
    }
    return Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, parse(`${place}.${name}`, value)]),
    );
  }

  list<T>(place: string, given: unknown, parse: (given: unknown) => T | undefined): T[] {
    if (!Array.isArray(given)) {
      this.discarded.push(place);
      return [];
    }
    return given.flatMap((one, i) => {
      const value = parse(one);
      if (value === undefined) this.discarded.push(`${place}[${i}]`);
      return value === undefined ? [] : [value];
    });
  }

  logEntry(place: string, given: unknown): NotificationLogEntry {
    if (!isRecord(given) || !isTime(given['at'])) {
      this.discarded.push(place);
      return { at: 0, firing: [], undelivered: [] };
    }
    const { at, firing, undelivered } = given;
    const parse = (alert: unknown): Alert | undefined => alertOf(alert, this.now);
    return {
      at: Math.min(at, this.now),
      firing: this.list(`${place}.firing`, firing, parse),
      undelivered: this.list(`${place}.undelivered`, undelivered, parse),
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

/** Parses the fields that active alerts have in common with those of the notification log. */
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
    // JSON has no NaN and no infinities.
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

function isLabels(given: unknown): given is Readonly<Record<string, string>> {
  return isRecord(given) && Object.values(given).every((value) => typeof value === 'string');
}

/** Returns true if the value is a time that a `Date` can represent. */
function isTime(given: unknown): given is number {
  return typeof given === 'number' && Math.abs(given) <= 8.64e15;
}

function isTimeOrNone(given: unknown): given is number | undefined {
  return given === undefined || isTime(given);
}
