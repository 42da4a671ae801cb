import type { Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ExceptionsInstrumentation } from '../instrumentation/errors/exceptions.instrumentation.js';
import { ProcessErrorRecorder } from '../instrumentation/errors/process-error.recorder.js';
import { ProcessErrorsInstrumentation } from '../instrumentation/errors/process-errors.instrumentation.js';
import { ServerErrorRecorder } from '../instrumentation/errors/server-error.recorder.js';
import { instrumentationGuard } from '../metrics/error-guards.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** Providers of the error metrics. */
export const ERRORS_PROVIDERS: readonly Provider[] = [
  {
    provide: ServerErrorRecorder,
    inject: [MetricsRegistry, RESOLVED_OPTIONS],
    useFactory: (registry: MetricsRegistry, { enabled, http, errors }: ResolvedOptions) =>
      enabled && http !== false && errors.responses ? new ServerErrorRecorder(registry) : null,
  },
  {
    provide: ExceptionsInstrumentation,
    inject: [HttpAdapterHost, MetricsRegistry, ServerErrorRecorder],
    useFactory: (host: HttpAdapterHost, registry: MetricsRegistry, recorder: ServerErrorRecorder | null) =>
      recorder && new ExceptionsInstrumentation(host, instrumentationGuard(registry, 'exceptions'), recorder),
  },
  {
    provide: ProcessErrorsInstrumentation,
    inject: [MetricsRegistry, RESOLVED_OPTIONS],
    useFactory: (registry: MetricsRegistry, { enabled, errors }: ResolvedOptions) =>
      enabled && errors.process
        ? new ProcessErrorsInstrumentation(
            instrumentationGuard(registry, 'process-errors'),
            new ProcessErrorRecorder(registry),
          )
        : null,
  },
];
