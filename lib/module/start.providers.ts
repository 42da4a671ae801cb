import type { Provider } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';
import { ExceptionsInstrumentation } from '../instrumentation/errors/exceptions.instrumentation.js';
import { ProcessErrorsInstrumentation } from '../instrumentation/errors/process-errors.instrumentation.js';
import { OutgoingHttpInstrumentation } from '../instrumentation/outgoing-http/outgoing-http.instrumentation.js';
import { PROCESS_LISTENERS } from './process-listeners.token.js';
import { type ProcessListener, StartLifecycle } from './start.lifecycle.js';

/** What sees whether the application starts. */
export const START_PROVIDERS: readonly Provider[] = [
  {
    provide: StartLifecycle,
    inject: [ModulesContainer, HttpAdapterHost, RESOLVED_OPTIONS],
    useFactory: (modules: ModulesContainer, host: HttpAdapterHost, { enabled }: ResolvedOptions) =>
      new StartLifecycle(modules, host, enabled),
  },
  {
    provide: PROCESS_LISTENERS,
    inject: [ProcessErrorsInstrumentation, ExceptionsInstrumentation, OutgoingHttpInstrumentation],
    useFactory: (...listeners: (ProcessListener | null)[]) =>
      listeners.filter((listener) => listener !== null),
  },
];
