import { DEFAULT_BUCKETS } from '../../metrics/buckets.js';
import { buckets, type OptionTable, readOptions } from '../../options/option-table.js';

/** Options of the metrics of microservice handlers. */
export interface RpcMetricsOptions {
  /**
   * Upper bounds of the buckets of `rpc_server_request_duration_seconds`, in seconds. With `conventions: 'otel'` the default is
   * what the semantic conventions advise.
   * @default 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
   */
  readonly buckets?: readonly number[];
}

export const RPC: OptionTable<RpcMetricsOptions> = { buckets: buckets(DEFAULT_BUCKETS) };

/** Checks the options and fills in every default. @throws {MonitoringOptionsError} for invalid options */
export function resolveRpc(rpc: RpcMetricsOptions | false = {}): Required<RpcMetricsOptions> | false {
  return rpc !== false && readOptions('rpc', rpc, RPC);
}
