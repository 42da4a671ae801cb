import { Logger, type Provider } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { MetricsContext } from '../instrumentation/context/metrics-context.js';
import { DecoratorsLifecycle } from '../instrumentation/decorators/decorators.lifecycle.js';
import { hasGraphQL } from '../instrumentation/graphql/graphql-driver.js';
import { ServerErrorRecorder } from '../instrumentation/errors/server-error.recorder.js';
import { HttpInstrumentation } from '../instrumentation/http/http.instrumentation.js';
import { RequestRecorder } from '../instrumentation/http/request.recorder.js';
import { RpcInstrumentation } from '../instrumentation/messages/rpc.instrumentation.js';
import { RpcRecorder } from '../instrumentation/messages/rpc.recorder.js';
import { WebSocketInstrumentation } from '../instrumentation/messages/websocket.instrumentation.js';
import { WebSocketRecorder } from '../instrumentation/messages/websocket.recorder.js';
import { OperationRecorder } from '../instrumentation/requests/operation.recorder.js';
import { ActiveTrace } from '../integrations/opentelemetry/active-trace.js';
import { RegistryReference } from '../instrumentation/registry-reference.js';
import { instrumentationGuard } from '../metrics/error-guards.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { GRAPHQL_INSTRUMENTATION } from './lazily-loaded.token.js';
import { exemplarSource } from './metrics.providers.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';
import { loadInTurn } from '../primitives/load-in-turn.js';

/** Providers of the instrumentation of application code. */
export const INSTRUMENTATION_PROVIDERS: readonly Provider[] = [
  RegistryReference,
  {
    provide: DecoratorsLifecycle,
    inject: [ModulesContainer, RegistryReference, MetricsRegistry],
    useFactory: (modules: ModulesContainer, reference: RegistryReference, registry: MetricsRegistry) => {
      if (registry.enabled) reference.registry = registry;
      return new DecoratorsLifecycle(modules, reference);
    },
  },
  {
    provide: MetricsContext,
    inject: [MetricsRegistry, OperationRecorder],
    useFactory: (registry: MetricsRegistry, records: OperationRecorder | null) =>
      new MetricsContext(registry, new Logger('Monitoring'), records ?? undefined),
  },
  {
    provide: RequestRecorder,
    inject: [MetricsRegistry, ServerErrorRecorder, ActiveTrace, OperationRecorder, RESOLVED_OPTIONS],
    useFactory: (
      registry: MetricsRegistry,
      serverErrors: ServerErrorRecorder | null,
      trace: ActiveTrace,
      records: OperationRecorder | null,
      { enabled, http, clock, exemplars, conventions }: ResolvedOptions,
    ) =>
      enabled && http !== false
        ? new RequestRecorder(
            registry,
            clock,
            http,
            serverErrors ?? undefined,
            exemplarSource(exemplars, trace),
            records ?? undefined,
            exemplars !== false,
            conventions.http,
          )
        : null,
  },
  {
    provide: HttpInstrumentation,
    inject: [HttpAdapterHost, RequestRecorder],
    useFactory: (host: HttpAdapterHost, recorder: RequestRecorder | null) =>
      recorder && new HttpInstrumentation(host, recorder),
  },
  {
    provide: RpcInstrumentation,
    inject: [ModulesContainer, MetricsRegistry, OperationRecorder, RESOLVED_OPTIONS],
    useFactory: (
      modules: ModulesContainer,
      registry: MetricsRegistry,
      records: OperationRecorder | null,
      { enabled, rpc, conventions }: ResolvedOptions,
    ) =>
      enabled && rpc !== false
        ? new RpcInstrumentation(
            modules,
            instrumentationGuard(registry, 'rpc'),
            () => new RpcRecorder(registry, rpc, records ?? undefined, conventions.rpc),
          )
        : null,
  },
  {
    provide: WebSocketInstrumentation,
    inject: [ApplicationConfig, ModulesContainer, MetricsRegistry, OperationRecorder, RESOLVED_OPTIONS],
    useFactory: (
      config: ApplicationConfig,
      modules: ModulesContainer,
      registry: MetricsRegistry,
      records: OperationRecorder | null,
      { enabled, webSocket, clock }: ResolvedOptions,
    ) =>
      enabled && webSocket !== false
        ? new WebSocketInstrumentation(
            config,
            modules,
            instrumentationGuard(registry, 'websocket'),
            () => new WebSocketRecorder(registry, clock, webSocket, records ?? undefined),
          )
        : null,
  },
  {
    provide: GRAPHQL_INSTRUMENTATION,
    inject: [ModulesContainer, MetricsRegistry, OperationRecorder, RESOLVED_OPTIONS],
    useFactory: async (
      modules: ModulesContainer,
      registry: MetricsRegistry,
      records: OperationRecorder | null,
      { enabled, graphql, http, clock }: ResolvedOptions,
    ) => {
      if (!enabled || graphql === false || !hasGraphQL(modules)) return null;
      const [{ GraphQLInstrumentation }, { GraphQLRecorder }] = await Promise.all([
        loadInTurn(() => import('../instrumentation/graphql/graphql.instrumentation.js')),
        loadInTurn(() => import('../instrumentation/graphql/graphql.recorder.js')),
      ]);
      const guard = instrumentationGuard(registry, 'graphql');
      const recording = records ? { records, isWithinHttp: http !== false } : undefined;
      return new GraphQLInstrumentation(
        modules,
        guard,
        () => new GraphQLRecorder(registry, clock, graphql, recording),
      );
    },
  },
];
