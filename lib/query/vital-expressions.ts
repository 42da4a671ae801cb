import type { LabelMatchers } from './label-matchers.js';
import type { ArithmeticOperator, Expression, MergeName, RangeName } from './expression.js';

/** The few numbers that tell most of how an application is. Each can stand for a metric in a rule. */
export const VITAL_NAMES = [
  'cpu_percent',
  'memory_percent',
  'disk_percent',
  'response_time_ms',
  'error_rate_percent',
  'cache_hit_rate_percent',
] as const;
/** What the six vitals are called. */
export type VitalName = (typeof VITAL_NAMES)[number];

/** Over so much time they are computed. */
const WINDOW_MS = 60_000;

/** How each is computed of metrics. */
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

/** How many processors the process itself keeps busy. */
export const PROCESS_CPU: Expression = merge('sum', range('rate', 'process_cpu_seconds_total'));

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

/** The first, or zero where only the second is there. */
function orZero(first: Expression, second: Expression): Expression {
  return { kind: 'or', left: first, right: calculate(0, '*', second) };
}
