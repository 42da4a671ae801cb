import {
  CACHE_METRICS,
  DATABASE_METRICS,
  OUTGOING_HTTP_METRICS,
  QUEUE_METRICS,
  REDIS_METRICS,
} from '../../metrics/metric-names.js';
import type { LabelMatchers } from '../../query/label-matchers.js';
import type { DependencyKind } from './dependency-card.js';

/** The metrics of one kind of dependency. */
export interface DependencyKindDefinition {
  readonly kind: DependencyKind;
  /** Label that names a dependency. */
  readonly label: string;
  /** Counters or histograms whose rates add up to the calls. */
  readonly calls: readonly string[];
  /** Counters of failures, with the series that count. */
  readonly failures: readonly (readonly [metric: string, labels?: LabelMatchers])[];
  readonly duration: string;
  /** Prefix of the names of its health checks. */
  readonly check?: string;
  /** Word for its calls. */
  readonly word: string;
}

/** Percentage of failed calls from which on a dependency is critical. */
export const CRITICAL_PERCENT = 50;

/** The kinds of dependencies, and the metrics of each. */
export const DEPENDENCY_KINDS: readonly DependencyKindDefinition[] = [
  {
    kind: 'database',
    label: 'system',
    calls: [DATABASE_METRICS.duration],
    failures: [[DATABASE_METRICS.errors]],
    duration: DATABASE_METRICS.duration,
    check: 'database',
    word: 'statements',
  },
  {
    kind: 'redis',
    label: 'client',
    calls: [REDIS_METRICS.commandDuration],
    failures: [[REDIS_METRICS.commandErrors]],
    duration: REDIS_METRICS.commandDuration,
    check: 'redis',
    word: 'commands',
  },
  {
    kind: 'cache',
    label: 'cache',
    calls: [CACHE_METRICS.duration],
    failures: [[CACHE_METRICS.errors]],
    duration: CACHE_METRICS.duration,
    check: 'cache',
    word: 'operations',
  },
  {
    kind: 'queue',
    label: 'queue',
    calls: [QUEUE_METRICS.duration],
    failures: [[QUEUE_METRICS.failed]],
    duration: QUEUE_METRICS.duration,
    check: 'bullmq',
    word: 'jobs',
  },
  {
    kind: 'remote',
    label: 'host',
    calls: [OUTGOING_HTTP_METRICS.requests],
    failures: [[OUTGOING_HTTP_METRICS.requests, { status_code: /5\d\d/ }], [OUTGOING_HTTP_METRICS.errors]],
    duration: OUTGOING_HTTP_METRICS.duration,
    word: 'requests',
  },
];
