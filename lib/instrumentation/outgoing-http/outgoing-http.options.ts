import { DEFAULT_BUCKETS } from '../../metrics/buckets.js';
import { buckets, count, type OptionTable, patterns, readOptions } from '../../options/option-table.js';

/** Options of the metrics of outgoing HTTP requests. */
export interface OutgoingHttpMetricsOptions {
  /** Maximum number of distinct values of the label `host`; further hosts share `other`. @default 100 */
  readonly maxHosts?: number;
  /**
   * Upper bounds of the buckets of `http_client_request_duration_seconds`, in seconds. With `conventions: 'otel'` the
   * default is what the semantic conventions advise.
   * @default 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
   */
  readonly buckets?: readonly number[];
  /**
   * Hosts that are not measured, such as `api.example.com` or `localhost:9091`, with the port unless it is the default one;
   * or regular expressions that match a part of one.
   * @default []
   */
  readonly ignoreHosts?: readonly (string | RegExp)[];
}

export const OUTGOING_HTTP: OptionTable<OutgoingHttpMetricsOptions> = {
  maxHosts: count(100),
  buckets: buckets(DEFAULT_BUCKETS),
  ignoreHosts: patterns('an array of hosts or regular expressions'),
};

/** Checks the options and fills in every default. @throws {MonitoringOptionsError} for invalid options */
export function resolveOutgoingHttp(
  outgoing: OutgoingHttpMetricsOptions | false = {},
): Required<OutgoingHttpMetricsOptions> | false {
  return outgoing !== false && readOptions('outgoingHttp', outgoing, OUTGOING_HTTP);
}
