import type { LabelMatchers } from './label-matchers.js';
import type { ArithmeticOperator, Expression, MergeName, RangeName } from './expression.js';

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
  cpu_percent: merge('avg', range('avg', 'system_cpu_percent')),
  memory_percent: merge('max', range('avg', 'system_memory_percent')),
  disk_percent: merge('max', { kind: 'last', of: { metric: 'system_disk_percent', labels: {} } }),
  response_time_ms: calculate(
    1000,
    '*',
    calculate(
      merge('sum', range('rate', 'http_request_duration_seconds', {}, 'sum')),
      '/',
      merge('sum', range('rate', 'http_request_duration_seconds', {}, 'count')),
    ),
  ),
  error_rate_percent: calculate(
    100,
    '*',
    calculate(
      orZero(
        merge('sum', range('rate', 'http_requests_total', { status_code: /5../ })),
        merge('sum', range('rate', 'http_requests_total')),
      ),
      '/',
      merge('sum', range('rate', 'http_requests_total')),
    ),
  ),
  cache_hit_rate_percent: calculate(
    100,
    '*',
    calculate(
      orZero(
        merge('sum', range('rate', 'cache_hits_total')),
        merge('sum', range('rate', 'cache_misses_total')),
      ),
      '/',
      calculate(
        orZero(
          merge('sum', range('rate', 'cache_hits_total')),
          merge('sum', range('rate', 'cache_misses_total')),
        ),
        '+',
        orZero(
          merge('sum', range('rate', 'cache_misses_total')),
          merge('sum', range('rate', 'cache_hits_total')),
        ),
      ),
    ),
  ),
};

/** The CPU usage of the process, in cores. */
export const PROCESS_CPU: Expression = merge('sum', range('rate', 'process_cpu_seconds_total'));

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
