import { expectKeys, expectOption } from '../options/option-checks.js';
import { VITAL_NAMES, type VitalName } from './rules/vitals.js';

/** From which value on a vital is worth a warning, and from which one it is critical. */
export interface Threshold {
  readonly warning: number;
  readonly critical: number;
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
    if (!isNumber) expectKeys(option, given, ['warning', 'critical']);
    const warning = isNumber ? given : (given.warning ?? given.critical);
    expectOption(
      option,
      warning,
      'a finite number, or one with warning and critical',
      Number.isFinite(warning),
    );
    const critical = isNumber ? undefined : given.critical;
    resolved.set(vital, { warning: warning!, critical: critical ?? criticalOf(vital, warning!) });
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
