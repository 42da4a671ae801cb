import { expectKeys, expectOption } from '../options/option-checks.js';
import { durationOf } from './rules/rule-checks.js';
import { VITAL_NAMES, type VitalName } from '../query/vital-definitions.js';

/** The thresholds of a vital. */
export interface Threshold {
  /** The value beyond which the vital raises a warning, in its unit. */
  readonly warning: number;
  /** The value beyond which the vital raises a critical alert, in its unit. */
  readonly critical: number;
  /**
   * The time that the vital must be beyond a threshold before the alert fires, in milliseconds.
   * @default 300_000; 60_000 for response time and error rate
   */
  readonly forMs: number;
}

/**
 * The thresholds by vital. A number is the warning threshold; `false` turns the vital off. `cache_hit_rate_percent`
 * raises an alert below its thresholds, every other vital above them.
 */
export type Thresholds = { readonly [V in VitalName]?: number | Partial<Threshold> | false };

export const DEFAULT_THRESHOLDS: Thresholds = {
  cpu_percent: 80,
  memory_percent: 85,
  disk_percent: 90,
  response_time_ms: 1_000,
  error_rate_percent: 5,
  cache_hit_rate_percent: 80,
};

/** Default waiting times, of at least a minute: the load of a start-up must not raise an alert. */
const DEFAULT_FOR_MS: Readonly<Record<VitalName, number>> = {
  cpu_percent: 300_000,
  memory_percent: 300_000,
  disk_percent: 300_000,
  response_time_ms: 60_000,
  error_rate_percent: 60_000,
  cache_hit_rate_percent: 300_000,
};

/** The vitals of which a lower value is worse. */
const LOWER_IS_WORSE: readonly VitalName[] = ['cache_hit_rate_percent'];

/** Returns true if a lower value of the vital is worse. */
export function isLowerWorse(vital: VitalName): boolean {
  return LOWER_IS_WORSE.includes(vital);
}

/**
 * Checks thresholds and fills in the defaults. A missing critical threshold is half-way from the warning to 100 % for
 * CPU, memory and disk, twice the warning for response time and error rate, and half the warning for the cache.
 *
 * @throws {MonitoringOptionsError}
 */
export function resolveThresholds(thresholds: Thresholds): Map<VitalName, Threshold> {
  expectKeys('thresholds', thresholds, VITAL_NAMES);
  const resolved = new Map<VitalName, Threshold>();
  for (const vital of VITAL_NAMES) {
    const given = thresholds[vital];
    if (given === undefined || given === false) continue;
    resolved.set(vital, resolveThreshold(vital, given));
  }
  return resolved;
}

function resolveThreshold(vital: VitalName, given: number | Partial<Threshold>): Threshold {
  const option = `thresholds.${vital}`;
  const isObject = typeof given === 'object' && given !== null;
  expectOption(
    option,
    given,
    'a number, `{ warning, critical }` or `false`',
    isObject || Number.isFinite(given),
  );
  if (isObject) expectKeys(option, given, ['warning', 'critical', 'forMs']);
  const { warning = isObject ? given.critical : given, critical, forMs } = isObject ? given : {};
  assertFinite(`${option}.warning`, warning);
  const worst = critical ?? criticalOf(vital, warning);
  const isWorse = Number.isFinite(worst) && (isLowerWorse(vital) ? worst <= warning : worst >= warning);
  const expected = `a number ${isLowerWorse(vital) ? 'of at most' : 'of at least'} the warning threshold, ${warning}`;
  expectOption(`${option}.critical`, worst, expected, isWorse);
  return {
    warning,
    critical: worst,
    forMs: durationOf(`${option}.forMs`, forMs, 0, DEFAULT_FOR_MS[vital]),
  };
}

function assertFinite(option: string, value: number | undefined): asserts value is number {
  expectOption(option, value, 'a finite number', Number.isFinite(value));
}

function criticalOf(vital: VitalName, warning: number): number {
  if (isLowerWorse(vital)) return warning / 2;
  const isBounded = vital === 'cpu_percent' || vital === 'memory_percent' || vital === 'disk_percent';
  return isBounded ? warning + Math.max(0, 100 - warning) / 2 : warning * 2;
}
