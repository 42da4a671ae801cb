import type { Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { applicationBuild } from '../collectors/app-info/application-build.js';
import { ErrorRecorder } from '../instrumentation/errors/error.recorder.js';
import { ErrorRecords } from '../instrumentation/errors/error-records.js';
import { ExceptionsInstrumentation } from '../instrumentation/errors/exceptions.instrumentation.js';
import { ProcessErrorRecorder } from '../instrumentation/errors/process-error.recorder.js';
import { ProcessErrorsInstrumentation } from '../instrumentation/errors/process-errors.instrumentation.js';
import { ServerErrorRecorder } from '../instrumentation/errors/server-error.recorder.js';
import { Operations } from '../instrumentation/requests/operations.js';
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
      enabled && http !== false && (errors.responses || errors.records)
        ? new ServerErrorRecorder(registry, errors.responses)
        : null,
  },
  {
    provide: ErrorRecorder,
    inject: [MetricsRegistry, Operations, RESOLVED_OPTIONS],
    useFactory: (
      registry: MetricsRegistry,
      operations: Operations | null,
      { enabled, errors, clock, collectors }: ResolvedOptions,
    ) => {
      if (!enabled || errors.records === false) return null;
      const { version } = collectors.build === false ? {} : applicationBuild(collectors.build, process.env);
      return new ErrorRecorder(registry, clock, errors.records, version, operations ?? undefined);
    },
  },
  {
    provide: ErrorRecords,
    inject: [ErrorRecorder],
    useFactory: (recorder: ErrorRecorder | null) => new ErrorRecords(recorder ?? undefined),
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
