/** The kind of a failed query, a label value of `monitoring_prometheus_query_failures_total`. */
export type PrometheusFailure =
  /** No response: refused, broken off, or no such host. */
  | 'unreachable'
  /** No complete response in time. */
  | 'timeout'
  /** A status of 3xx or 4xx. */
  | 'refused'
  /** A status of 5xx. */
  | 'failed'
  /** A response that is no answer of Prometheus. */
  | 'invalid'
  /** A response above the limit of length or number. */
  | 'too large'
  /** Too many queries waited already, so that this one was not sent. */
  | 'busy'
  /** An answer without a series of the application; no query has failed. */
  | 'empty';

/** The kinds of failed queries. */
export const PROMETHEUS_FAILURES: readonly Exclude<PrometheusFailure, 'empty'>[] = [
  'unreachable',
  'timeout',
  'refused',
  'failed',
  'invalid',
  'too large',
  'busy',
];

/** The error of a query. Its message names the host alone, never a credential or a text of the response. */
export class PrometheusError extends Error {
  override readonly name = 'PrometheusError';

  /** @param isAboutQuery true if other queries may succeed, so that there is no reason to pause */
  constructor(
    readonly failure: PrometheusFailure,
    message: string,
    readonly isAboutQuery = false,
  ) {
    super(message);
  }
}
