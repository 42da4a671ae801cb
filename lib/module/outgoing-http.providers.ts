import type { Provider } from '@nestjs/common';
import { OutgoingHttpInstrumentation } from '../instrumentation/outgoing-http/outgoing-http.instrumentation.js';
import { OutgoingRequestRecorder } from '../instrumentation/outgoing-http/outgoing-request.recorder.js';
import { Operations } from '../instrumentation/requests/operations.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** Providers of the metrics of outgoing requests. */
export const OUTGOING_HTTP_PROVIDERS: readonly Provider[] = [
  {
    provide: OutgoingHttpInstrumentation,
    inject: [MetricsRegistry, Operations, RESOLVED_OPTIONS],
    useFactory: (
      registry: MetricsRegistry,
      operations: Operations | null,
      { enabled, outgoingHttp, clock, detailed }: ResolvedOptions,
    ) =>
      enabled && outgoingHttp !== false
        ? new OutgoingHttpInstrumentation(
            new OutgoingRequestRecorder(
              registry,
              clock,
              outgoingHttp,
              operations ?? undefined,
              detailed?.http,
            ),
          )
        : null,
  },
];
