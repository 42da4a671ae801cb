import { messageOf } from '../../primitives/error-message.js';
import type { OtlpResourceMetrics, OtlpResponse, OtlpSender } from './otlp.sender.js';

/** The part of a `PushMetricExporter` of the OpenTelemetry SDK that is used. */
export interface OtlpMetricExporter {
  /** Sends `ResourceMetrics` of the SDK and calls back with the result; code 0 is success. */
  export(metrics: never, done: (result: { readonly code: number; readonly error?: Error }) => void): void;
  /** Closes the connections. */
  shutdown(): Promise<void>;
}

const SUCCESS = 0;
/** The status assumed for an error without one: the official exporters omit that of retryable errors. */
const NOT_AVAILABLE = 503;

/** A sender that uses an exporter of the OpenTelemetry SDK, such as the one for gRPC. */
export class OtlpExporterSender implements OtlpSender {
  constructor(private readonly exporter: OtlpMetricExporter) {}

  async send(metrics: OtlpResourceMetrics): Promise<OtlpResponse> {
    return new Promise((resolve) => {
      // The callback runs inside the exporter, where nothing of ours may throw.
      this.exporter.export(metrics as never, (result) => {
        if (result?.code === SUCCESS) resolve({ status: 200, text: '' });
        else resolve({ status: statusOf(result?.error), text: messageOf(result?.error ?? '') });
      });
    });
  }
}

function statusOf(error: Error | undefined): number {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'number' && code >= 400 && code < 600 ? code : NOT_AVAILABLE;
}
