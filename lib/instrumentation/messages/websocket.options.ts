import { DEFAULT_BUCKETS } from '../../metrics/buckets.js';
import { buckets, type OptionTable, readOptions } from '../../options/option-table.js';

/** Options of the metrics of WebSocket gateways. */
export interface WebSocketMetricsOptions {
  /**
   * Upper bounds of the buckets of `websocket_message_duration_seconds`, in seconds.
   * @default 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
   */
  readonly buckets?: readonly number[];
}

export const WEB_SOCKET: OptionTable<WebSocketMetricsOptions> = { buckets: buckets(DEFAULT_BUCKETS) };

/** Checks the options and fills in every default. @throws {MonitoringOptionsError} for invalid options */
export function resolveWebSocket(
  webSocket: WebSocketMetricsOptions | false = {},
): Required<WebSocketMetricsOptions> | false {
  return webSocket !== false && readOptions('webSocket', webSocket, WEB_SOCKET);
}
