import type { LabelMatchers } from './label-matchers.js';
import type { ArithmeticOperator, Expression, MergeName, RangeName } from './expression.js';
import { CACHE_METRICS, HTTP_METRICS, PROCESS_METRICS, SYSTEM_METRICS } from '../metrics/metric-names.js';

/** The names of the vitals: the key figures of an application. A rule can use each of them as a metric. */
export const VITAL_NAMES = [
  'cpu_percent',
  'memory_percent',
  'disk_percent',
  'response_time_ms',
  'error_rate_percent',
  'cache_hit_rate_percent',
] as const;
/** The name of a vital. */
export type VitalName = (typeof VITAL_NAMES)[number];

/** The window of the vitals, in milliseconds. */
const WINDOW_MS = 60_000;

/** The definition of each vital. */
export const VITALS: Readonly<Record<VitalName, Expression>> = {
  cpu_percent: merge('avg', range('avg', SYSTEM_METRICS.cpu)),
  memory_percent: merge('max', range('avg', SYSTEM_METRICS.memory)),
  disk_percent: merge('max', { kind: 'last', of: { metric: SYSTEM_METRICS.disk, labels: {} } }),
  response_time_ms: calculate(
    1000,
    '*',
    calculate(
      merge('sum', range('rate', HTTP_METRICS.duration, {}, 'sum')),
      '/',
      merge('sum', range('rate', HTTP_METRICS.duration, {}, 'count')),
    ),
  ),
  error_rate_percent: calculate(
    100,
    '*',
    calculate(
      orZero(
        merge('sum', range('rate', HTTP_METRICS.requests, { status_code: /5../ })),
        merge('sum', range('rate', HTTP_METRICS.requests)),
      ),
      '/',
      merge('sum', range('rate', HTTP_METRICS.requests)),
    ),
  ),
  cache_hit_rate_percent: calculate(
    100,
    '*',
    calculate(
      orZero(
        merge('sum', range('rate', CACHE_METRICS.hits)),
        merge('sum', range('rate', CACHE_METRICS.misses)),
      ),
      '/',
      calculate(
        orZero(
          merge('sum', range('rate', CACHE_METRICS.hits)),
          merge('sum', range('rate', CACHE_METRICS.misses)),
        ),
        '+',
        orZero(
          merge('sum', range('rate', CACHE_METRICS.misses)),
          merge('sum', range('rate', CACHE_METRICS.hits)),
        ),
      ),
    ),
  ),
};

/** The CPU usage of the process, in cores. */
export const PROCESS_CPU: Expression = merge('sum', range('rate', PROCESS_METRICS.cpu));

/** Returns true if a name is that of a vital. */
export function isVital(name: string): name is VitalName {
  return (VITAL_NAMES as readonly string[]).includes(name);
}

function range(
  name: RangeName,
  metric: string,
  labels: LabelMatchers = {},
  part?: 'count' | 'sum',
): Expression {
  return { kind: 'range', name, of: { metric, labels, ...(part && { part }) }, windowMs: WINDOW_MS };
}

function merge(name: MergeName, of: Expression): Expression {
  return { kind: 'merge', name, by: [], of };
}

function calculate(
  left: Expression | number,
  operator: ArithmeticOperator,
  right: Expression | number,
): Expression {
  return { kind: 'arithmetic', operator, left, right };
}

/** Returns an expression that is zero if its metric has no series but that of another expression has. */
function orZero(expression: Expression, other: Expression): Expression {
  return { kind: 'or', left: expression, right: calculate(0, '*', other) };
}
