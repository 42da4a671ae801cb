import { DEFAULT_BUCKETS } from '../../metrics/buckets.js';
import { bucketsOf, expectKeys } from '../../options/option-checks.js';

/** Options of the metrics of microservice handlers. */
export interface RpcMetricsOptions {
  /**
   * Upper bounds of the buckets of `rpc_server_request_duration_seconds`, in seconds.
   * @default 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
   */
  readonly buckets?: readonly number[];
}

/** @throws {MonitoringOptionsError} for invalid options */
export function resolveRpc(rpc: RpcMetricsOptions | false = {}): Required<RpcMetricsOptions> | false {
  if (rpc === false) return false;
  expectKeys('rpc', rpc, ['buckets']);
  return { buckets: bucketsOf('rpc.buckets', rpc.buckets, DEFAULT_BUCKETS) };
}
