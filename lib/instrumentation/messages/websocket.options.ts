import { DEFAULT_BUCKETS } from '../../metrics/buckets.js';
import { bucketsOf, expectKeys } from '../../options/option-checks.js';

/** Options of the metrics of WebSocket gateways. */
export interface WebSocketMetricsOptions {
  /**
   * Upper bounds of the buckets of `websocket_message_duration_seconds`, in seconds.
   * @default 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
   */
  readonly buckets?: readonly number[];
}

/** @throws {MonitoringOptionsError} for invalid options */
export function resolveWebSocket(
  webSocket: WebSocketMetricsOptions | false = {},
): Required<WebSocketMetricsOptions> | false {
  if (webSocket === false) return false;
  expectKeys('webSocket', webSocket, ['buckets']);
  return { buckets: bucketsOf('webSocket.buckets', webSocket.buckets, DEFAULT_BUCKETS) };
}
