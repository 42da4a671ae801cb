import { messageOf } from '../../primitives/message-of.js';
import type { OtlpAnswer, OtlpResourceMetrics, OtlpSender } from './otlp.sender.js';

/** What is used of an exporter of the OpenTelemetry SDK: its `PushMetricExporter`. */
export interface OtlpMetricExporter {
  /** Sends `ResourceMetrics` of the SDK, and says how that went: code 0 is success. */
  export(metrics: never, done: (result: { readonly code: number; readonly error?: Error }) => void): void;
  /** Lets go of its connections. */
  shutdown(): Promise<void>;
}

const SUCCESS = 0;
/** The official exporters say the status of what is not to be sent again, and none of what is. */
const NOT_AVAILABLE = 503;

/** OTLP by an exporter of the OpenTelemetry SDK that the application made, such as the one for gRPC. */
export class OtlpExporterSender implements OtlpSender {
  constructor(private readonly exporter: OtlpMetricExporter) {}

  async send(metrics: OtlpResourceMetrics): Promise<OtlpAnswer> {
    return new Promise((resolve) => {
      // It is called from within the exporter, where nothing of ours may throw.
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
