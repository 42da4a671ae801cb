import { expectKeys, expectOption } from '../options/option-checks.js';
import { durationOf } from './rules/rule-checks.js';
import { VITAL_NAMES, type VitalName } from '../query/vital-expressions.js';

/** Values from which on a vital is worth a warning, and is critical. */
export interface Threshold {
  readonly warning: number;
  readonly critical: number;
  /** How long it has to be beyond it before an alert fires, in milliseconds. @default 300_000; 60_000 for response times and errors */
  readonly forMs: number;
}

/**
 * What vitals should not cross: `cache_hit_rate_percent` not downwards, the others not upwards. A number is that of
 * the warning. False leaves a vital out.
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

/** Never less than a minute by default: how an application starts is worth no alert. */
const DEFAULT_FOR_MS: Readonly<Record<VitalName, number>> = {
  cpu_percent: 300_000,
  memory_percent: 300_000,
  disk_percent: 300_000,
  response_time_ms: 60_000,
  error_rate_percent: 60_000,
  cache_hit_rate_percent: 300_000,
};

/** The vitals of which less is worse. */
const LOW_SIDE: readonly VitalName[] = ['cache_hit_rate_percent'];

export function isLowSide(vital: VitalName): boolean {
  return LOW_SIDE.includes(vital);
}

/**
 * Checks thresholds and adds what is left open: critical is half-way from the warning to 100 % for processors, memory
 * and disks, twice the warning for response times and errors, and half of it for the cache.
 *
 * @throws {MonitoringOptionsError}
 */
export function resolveThresholds(thresholds: Thresholds): Map<VitalName, Threshold> {
  expectKeys('thresholds', thresholds, VITAL_NAMES);
  const resolved = new Map<VitalName, Threshold>();
  for (const vital of VITAL_NAMES) {
    const given = thresholds[vital];
    if (given === undefined || given === false) continue;
    const option = `thresholds.${vital}`;
    const isNumber = typeof given === 'number';
    if (!isNumber) expectKeys(option, given, ['warning', 'critical', 'forMs']);
    const warning = isNumber ? given : (given.warning ?? given.critical);
    expectOption(
      option,
      warning,
      'a finite number, or one with warning and critical',
      Number.isFinite(warning),
    );
    const critical = isNumber ? undefined : given.critical;
    const forMs = durationOf(`${option}.forMs`, isNumber ? undefined : given.forMs, 0, DEFAULT_FOR_MS[vital]);
    resolved.set(vital, { warning: warning!, critical: critical ?? criticalOf(vital, warning!), forMs });
  }
  for (const [vital, { warning, critical }] of resolved) {
    const isWorse =
      Number.isFinite(critical) && (isLowSide(vital) ? critical <= warning : critical >= warning);
    const expected = `${isLowSide(vital) ? 'at most' : 'at least'} its warning, ${warning}`;
    expectOption(`thresholds.${vital}.critical`, critical, expected, isWorse);
  }
  return resolved;
}

function criticalOf(vital: VitalName, warning: number): number {
  if (isLowSide(vital)) return warning / 2;
  const isBounded = vital === 'cpu_percent' || vital === 'memory_percent' || vital === 'disk_percent';
  return isBounded ? warning + Math.max(0, 100 - warning) / 2 : warning * 2;
}
