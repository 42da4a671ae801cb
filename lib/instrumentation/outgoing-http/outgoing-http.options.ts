import { DEFAULT_BUCKETS } from '../../metrics/buckets.js';
import { bucketsOf, countOf, expectKeys, patternsOf } from '../../options/option-checks.js';

/** Options of the metrics of outgoing HTTP requests. */
export interface OutgoingHttpOptions {
  /** Maximum number of distinct values of the label `host`; further hosts share `other`. @default 100 */
  readonly maxHosts?: number;
  /**
   * Upper bounds of the buckets of `http_client_request_duration_seconds`, in seconds.
   * @default 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
   */
  readonly buckets?: readonly number[];
  /** Hosts that are not measured, such as `api.example.com` or `localhost:9091`. @default [] */
  readonly ignoreHosts?: readonly (string | RegExp)[];
}

/** @throws {MonitoringOptionsError} for invalid options */
export function resolveOutgoingHttp(
  outgoing: OutgoingHttpOptions | false = {},
): Required<OutgoingHttpOptions> | false {
  if (outgoing === false) return false;
  expectKeys('outgoingHttp', outgoing, ['maxHosts', 'buckets', 'ignoreHosts']);
  return {
    maxHosts: countOf('outgoingHttp.maxHosts', outgoing.maxHosts, 100),
    buckets: bucketsOf('outgoingHttp.buckets', outgoing.buckets, DEFAULT_BUCKETS),
    ignoreHosts: patternsOf(
      'outgoingHttp.ignoreHosts',
      outgoing.ignoreHosts,
      'an array of hosts or regular expressions',
    ),
  };
}
