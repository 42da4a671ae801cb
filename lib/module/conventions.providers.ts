import { Server } from 'node:tls';
import { Logger, type Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { applicationBuild } from '../collectors/app-info/application-build.js';
import { resourceAttributes } from '../exporters/conventions/resource-attributes.js';
import {
  type ConventionByDomain,
  conventionOfAll,
  hasSemanticNames,
} from '../metrics/conventions/conventions.js';
import type { SemanticContext } from '../metrics/conventions/semantic-metric.js';
import type { MetricsSource } from '../metrics/registry.js';
import { METRICS_SOURCE } from './metrics-source.token.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';
import { loadInTurn } from '../primitives/load-in-turn.js';

/** Injection token of the {@link ConventionalSources}. */
export const CONVENTIONAL_SOURCES = Symbol('monitoring.conventionalSources');

/** The metrics by the convention that a reader outside of the process gets. */
export interface ConventionalSources {
  /** The metrics under our names. */
  readonly own: MetricsSource;
  /** The metrics as the option `conventions` names them, for what Prometheus gets. */
  readonly exposed: MetricsSource;
  /** The metrics under the names of OpenTelemetry. */
  readonly semantic: MetricsSource;
}

/** Providers of the metrics under the names of several conventions. */
export const CONVENTIONS_PROVIDERS: readonly Provider[] = [
  {
    provide: CONVENTIONAL_SOURCES,
    inject: [METRICS_SOURCE, HttpAdapterHost, RESOLVED_OPTIONS],
    useFactory: async (
      source: MetricsSource,
      host: HttpAdapterHost | undefined,
      options: ResolvedOptions,
    ): Promise<ConventionalSources> => {
      const { detailed, conventions, enabled } = options;
      // Nothing is between the registry and its readers unless something has another name.
      if (detailed === undefined || !enabled) return { own: source, exposed: source, semantic: source };
      const { ConventionalMetrics } = await loadInTurn(
        () => import('../exporters/conventions/conventional-metrics.js'),
      );
      const dependencies = {
        context: contextOf(host),
        logger: new Logger('Monitoring'),
      };
      const viewOf = (by: ConventionByDomain, resource?: Readonly<Record<string, string>>): MetricsSource =>
        new ConventionalMetrics(source, by, { ...dependencies, ...(resource && { resource }) });
      const own = viewOf(conventionOfAll('prometheus'));
      return {
        own,
        exposed: hasSemanticNames(conventions) ? viewOf(conventions, resourceOf(options)) : own,
        semantic: viewOf(conventionOfAll('otel')),
      };
    },
  },
];

/** Returns a function that reads the scheme of the server of the application, once it exists. */
function contextOf(host: HttpAdapterHost | undefined): () => SemanticContext {
  let context: SemanticContext | undefined;
  return () => {
    if (context !== undefined) return context;
    const server: unknown = (
      host?.httpAdapter as { getHttpServer?(): unknown } | undefined
    )?.getHttpServer?.();
    const found: SemanticContext = { scheme: server instanceof Server ? 'https' : 'http' };
    if (server !== undefined) context = found;
    return found;
  };
}

function resourceOf({ collectors, defaultLabels }: ResolvedOptions): Record<string, string> {
  const { name, version } = applicationBuild(collectors.build || {}, process.env);
  const service = defaultLabels['service_name'] ?? defaultLabels['service'];
  const given = service === undefined ? name : String(service);
  return resourceAttributes(
    { ...(given !== undefined && { name: given }), ...(version !== undefined && { version }) },
    process.env,
  );
}
