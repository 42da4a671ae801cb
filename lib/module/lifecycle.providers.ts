import { Logger, type Provider } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { EndpointRouter } from '../http/endpoint.router.js';
import { ApplicationObjects } from '../integrations/application-objects.integration.js';
import { MemoryLifecycle } from '../diagnostics/memory/memory.lifecycle.js';
import { StartRecorder } from '../diagnostics/startup/start-recorder.js';
import { ExceptionsInstrumentation } from '../instrumentation/errors/exceptions.instrumentation.js';
import { ProcessErrorsInstrumentation } from '../instrumentation/errors/process-errors.instrumentation.js';
import { OutgoingHttpInstrumentation } from '../instrumentation/outgoing-http/outgoing-http.instrumentation.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import { StepRunner } from './step-runner.js';
import { LIFECYCLE } from './lifecycle.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';
import { ServingWatch } from './serving-watch.integration.js';
import { StartReport } from './start-report.integration.js';
import { type ProcessListener, StartWatch } from './start-watch.integration.js';

const PARTS = [...new Set(LIFECYCLE.map(({ part }) => part))];

/** Providers of the lifecycle: its runner, with every part that it starts and ends. */
export const LIFECYCLE_PROVIDERS: readonly Provider[] = [
  {
    provide: StartWatch,
    inject: [
      ModulesContainer,
      HttpAdapterHost,
      RESOLVED_OPTIONS,
      StartRecorder,
      ProcessErrorsInstrumentation,
      ExceptionsInstrumentation,
      OutgoingHttpInstrumentation,
      MemoryLifecycle,
    ],
    useFactory: (
      modules: ModulesContainer,
      host: HttpAdapterHost,
      { enabled }: ResolvedOptions,
      times: StartRecorder | null,
      ...listeners: (ProcessListener | null)[]
    ) =>
      new StartWatch(
        modules,
        host,
        listeners.filter((listener) => listener !== null),
        enabled,
        times ?? undefined,
      ),
  },
  {
    provide: ServingWatch,
    inject: [HttpAdapterHost, RESOLVED_OPTIONS, StartRecorder],
    useFactory: (host: HttpAdapterHost, { enabled }: ResolvedOptions, times: StartRecorder | null) =>
      new ServingWatch(host, enabled, times ?? undefined),
  },
  {
    provide: StartReport,
    inject: [EndpointRouter, ApplicationObjects, RESOLVED_OPTIONS, ModulesContainer],
    useFactory: (
      router: EndpointRouter,
      objects: ApplicationObjects,
      options: ResolvedOptions,
      modules: ModulesContainer,
    ) => new StartReport(router, objects, options, modules),
  },
  {
    provide: StepRunner,
    inject: [StartRecorder, ...PARTS],
    useFactory: (times: StartRecorder | null, ...parts: unknown[]) =>
      new StepRunner(
        new Map(PARTS.map((part, i) => [part, parts[i]])),
        new SafeLogger(new Logger('Monitoring')),
        LIFECYCLE,
        times ?? undefined,
      ),
  },
];
