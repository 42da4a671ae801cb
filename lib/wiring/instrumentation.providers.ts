import { Logger, type Provider } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { MetricsContext } from '../instrumentation/context/metrics-context.js';
import { DecoratorsLifecycle } from '../instrumentation/decorators/decorators.lifecycle.js';
import { HttpInstrumentation } from '../instrumentation/http/http.instrumentation.js';
import { RequestRecorder } from '../instrumentation/http/request-recorder.js';
import { RegistryReference } from '../instrumentation/registry-reference.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from '../monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** What measures the code of the application. */
export const INSTRUMENTATION_PROVIDERS: readonly Provider[] = [
  RegistryReference,
  {
    provide: DecoratorsLifecycle,
    inject: [ModulesContainer, RegistryReference, MetricsRegistry, RESOLVED_OPTIONS],
    useFactory: (
      modules: ModulesContainer,
      reference: RegistryReference,
      registry: MetricsRegistry,
      { enabled }: ResolvedOptions,
    ) => {
      if (enabled) reference.registry = registry;
      return new DecoratorsLifecycle(modules, reference);
    },
  },
  {
    provide: MetricsContext,
    inject: [MetricsRegistry],
    useFactory: (registry: MetricsRegistry) => new MetricsContext(registry, new Logger('Monitoring')),
  },
  {
    provide: RequestRecorder,
    inject: [MetricsRegistry, RESOLVED_OPTIONS],
    useFactory: (registry: MetricsRegistry, { enabled, http, clock }: ResolvedOptions) =>
      enabled && http !== false ? new RequestRecorder(registry, clock, http) : null,
  },
  {
    provide: HttpInstrumentation,
    inject: [HttpAdapterHost, RequestRecorder],
    useFactory: (host: HttpAdapterHost, recorder: RequestRecorder | null) =>
      recorder && new HttpInstrumentation(host, recorder),
  },
];
