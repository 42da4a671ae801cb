import type { MetricsRegistry } from '../../metrics/registry.js';
import { PROMETHEUS_FAILURES, type PrometheusFailure } from './prometheus.error.js';

/** The recorder of the queries to Prometheus. */
export interface PrometheusRecorder {
  /** Records a query that was answered. */
  answered(seconds: number): void;
  /** Records a query that failed. */
  failed(failure: PrometheusFailure, seconds: number): void;
}

/** Returns the recorder of the queries to Prometheus, with its `monitoring_prometheus_*` metrics. */
export function prometheusRecorder(registry: MetricsRegistry): PrometheusRecorder {
  const queries = registry
    .counter('monitoring_prometheus_queries_total', 'Queries of the dashboard that Prometheus answered.')
    .labels({});
  const failures = registry.counter(
    'monitoring_prometheus_query_failures_total',
    'Queries of the dashboard that Prometheus did not answer, by reason.',
    { labelNames: ['reason'] },
  );
  const duration = registry
    .timer('monitoring_prometheus_query_duration_seconds', 'Duration of the queries to Prometheus.')
    .labels({});
  // Present from the start, so that a rate is known before the first failure.
  queries.inc(0);
  for (const reason of PROMETHEUS_FAILURES) failures.inc({ reason: labelOf(reason) }, 0);
  return {
    answered: (seconds) => {
      queries.inc();
      duration.observe(seconds);
    },
    failed: (failure, seconds) => {
      failures.inc({ reason: labelOf(failure) });
      if (failure !== 'busy') duration.observe(seconds);
    },
  };
}

function labelOf(failure: PrometheusFailure): string {
  return failure.replaceAll(' ', '_');
}
