import { DEFAULT_BUCKETS } from '../../metrics/buckets.js';
import { buckets, duration, type OptionTable, patterns, readOptions } from '../../options/option-table.js';

/** Options of the HTTP request metrics. */
export interface HttpMetricsOptions {
  /**
   * Duration above which a request counts in `http_slow_requests_total`, in milliseconds.
   * @default 1000
   */
  readonly slowRequestThresholdMs?: number;
  /**
   * Upper bounds of the buckets of `http_request_duration_seconds`, in seconds. With `conventions: 'otel'` the default is
   * what the semantic conventions advise.
   * @default 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
   */
  readonly buckets?: readonly number[];
  /**
   * Route templates that are not measured, such as `/internal/ping`: whole templates with the global prefix, or regular
   * expressions that match a part of one. The endpoints of this library are never measured.
   * @default []
   */
  readonly ignoreRoutes?: readonly (string | RegExp)[];
}

export const HTTP: OptionTable<HttpMetricsOptions> = {
  slowRequestThresholdMs: duration(1_000),
  buckets: buckets(DEFAULT_BUCKETS),
  ignoreRoutes: patterns('an array of route templates or regular expressions'),
};

/** Checks the options and fills in every default. @throws {MonitoringOptionsError} for invalid options */
export function resolveHttp(http: HttpMetricsOptions | false = {}): Required<HttpMetricsOptions> | false {
  return http !== false && readOptions('http', http, HTTP);
}
