import {
  DATABASE_METRICS,
  HTTP_METRICS,
  HTTP_WAIT_METRICS,
  OUTGOING_HTTP_METRICS,
  REDIS_METRICS,
} from '../metric-names.js';
import type { SemanticDomain } from './conventions.js';
import { DATABASE_ATTRIBUTES, DATABASE_SEMANTICS } from './database-semantics.js';
import { HTTP_ATTRIBUTES, HTTP_SEMANTICS } from './http-semantics.js';
import { RPC_SEMANTICS } from './rpc-semantics.js';
import { RUNTIME_SEMANTICS } from './runtime-semantics.js';
import type { SemanticAttribute, SemanticMetric } from './semantic-metric.js';
import { ERROR_DETAIL, OUTGOING_DETAILS } from './semantic-recording.js';

/** All metrics that have a name in the semantic conventions. */
export const SEMANTIC_METRICS: readonly SemanticMetric[] = [
  ...HTTP_SEMANTICS,
  ...DATABASE_SEMANTICS,
  ...RPC_SEMANTICS,
  ...RUNTIME_SEMANTICS,
];

/** One of our metrics without a semantic name, whose labels follow the conventions of its domain. */
export interface RelabeledMetric {
  readonly metric: string;
  readonly domain: SemanticDomain;
  readonly labelNames: readonly string[];
  /** Attributes that replace some of the labels. */
  readonly attributes: readonly SemanticAttribute[];
}

/** Our metrics without a semantic name, which keep their own. Queries can still join them with the others. */
export const RELABELED_METRICS: readonly RelabeledMetric[] = [
  relabeled('http', HTTP_METRICS.slow, ['method', 'route', 'status_code']),
  relabeled('http', HTTP_METRICS.streamDuration, ['method', 'route', 'status_code']),
  relabeled('http', HTTP_METRICS.rejected, ['method', 'status_code']),
  relabeled('http', 'http_server_errors_total', ['method', 'route', 'error']),
  relabeled('http', HTTP_WAIT_METRICS.time, ['method', 'route', 'part']),
  relabeled('http', HTTP_WAIT_METRICS.queries, ['method', 'route']),
  relabeled('http', HTTP_WAIT_METRICS.repeated, ['method', 'route']),
  relabeled('http', HTTP_WAIT_METRICS.recorded, ['method', 'route']),
  relabeled('database', DATABASE_METRICS.slow, ['system', 'operation', 'table']),
  relabeled('database', DATABASE_METRICS.transactions, ['system', 'event']),
];

/** A metric of ours with labels that only semantic attributes are read from. */
export interface DetailedMetric {
  readonly metric: string;
  readonly domain: SemanticDomain;
  readonly labelNames: readonly string[];
  readonly details: readonly string[];
}

/** Our metrics with labels that are left out of everything but semantic attributes. */
export const DETAILED_METRICS: readonly DetailedMetric[] = [
  {
    metric: OUTGOING_HTTP_METRICS.duration,
    domain: 'http',
    labelNames: ['host', 'method', 'status_code'],
    details: Object.values(OUTGOING_DETAILS),
  },
  {
    metric: DATABASE_METRICS.duration,
    domain: 'database',
    labelNames: ['system', 'operation', 'table'],
    details: [ERROR_DETAIL],
  },
  {
    metric: REDIS_METRICS.commandDuration,
    domain: 'database',
    labelNames: ['client', 'command'],
    details: [ERROR_DETAIL],
  },
];

function relabeled(
  domain: 'http' | 'database',
  metric: string,
  labelNames: readonly string[],
): RelabeledMetric {
  const attributes = domain === 'http' ? HTTP_ATTRIBUTES : DATABASE_ATTRIBUTES;
  return {
    metric,
    domain,
    labelNames,
    attributes: attributes.filter(({ label }) => label !== undefined && labelNames.includes(label)),
  };
}
