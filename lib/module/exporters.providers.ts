import { Logger, type Provider, type Type } from '@nestjs/common';
import type { ClusterMember } from '../cluster/cluster-member.js';
import { ExportersLifecycle, type StartedExporter } from '../exporters/exporters.lifecycle.js';
import type { ResolvedExporters } from '../exporters/exporters.options.js';
import type { BridgeDependencies } from '../exporters/prometheus/prom-client.bridge.js';
import { PrometheusExporter } from '../exporters/prometheus/prometheus.exporter.js';
import { PUSH_EXPORTERS } from '../exporters/push-exporter-classes.js';
import type { PushDependencies } from '../exporters/push/push-dependencies.js';
import { ScheduleIntegration } from '../integrations/schedule/schedule.integration.js';
import type { Counter } from '../metrics/counter.js';
import { MetricsRegistry, type MetricsSource } from '../metrics/registry.js';
import { CONVENTIONAL_SOURCES, type ConventionalSources } from './conventions.providers.js';
import { CLUSTER_MEMBER } from './lazily-loaded.token.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';
import { loadInTurn } from '../primitives/load-in-turn.js';

/** The class of a push exporter. */
type PushExporterClass = new (
  source: MetricsSource,
  options: unknown,
  dependencies: PushDependencies,
) => StartedExporter;

type PushExporterName = Exclude<keyof ResolvedExporters, 'prometheus'>;

/** The injection tokens of the push exporters. */
const TOKENS: readonly Type[] = Object.values(PUSH_EXPORTERS).map(({ token }) => token as Type);

/** The push exporters whose metrics reach Prometheus, under the names of the metrics endpoint. */
const FOR_PROMETHEUS: readonly PushExporterName[] = ['pushgateway', 'remoteWrite'];

/** The exporters that an application can inject; a push exporter is null if it is off. */
export const EXPORTERS: readonly Type[] = [PrometheusExporter, ...TOKENS];

/** Providers of the exporters. */
export const EXPORTERS_PROVIDERS: readonly Provider[] = [
  {
    provide: PrometheusExporter,
    inject: [CONVENTIONAL_SOURCES, MetricsRegistry, RESOLVED_OPTIONS],
    useFactory: (
      { exposed }: ConventionalSources,
      registry: MetricsRegistry,
      { exporters, bridges }: ResolvedOptions,
    ) =>
      new PrometheusExporter(
        exposed,
        { ...exporters.prometheus, bridges },
        { dropped: countBridgeDrops(registry), logger: new Logger('Monitoring') },
      ),
  },
  ...Object.keys(PUSH_EXPORTERS).map((name) => pushExporterProvider(name as PushExporterName)),
  {
    provide: ExportersLifecycle,
    inject: [ScheduleIntegration, ...TOKENS],
    useFactory: ({ registerTimer }: ScheduleIntegration, ...exporters: (StartedExporter | null)[]) =>
      new ExportersLifecycle(
        exporters.filter((exporter) => exporter !== null),
        registerTimer,
      ),
  },
];

/** Returns the provider of a push exporter, which is null if it is off. */
function pushExporterProvider(name: PushExporterName): Provider {
  const late = PUSH_EXPORTERS[name];
  return {
    provide: late.token,
    inject: [CONVENTIONAL_SOURCES, MetricsRegistry, CLUSTER_MEMBER, RESOLVED_OPTIONS],
    useFactory: async (
      sources: ConventionalSources,
      registry: MetricsRegistry,
      member: ClusterMember | null,
      { enabled, exporters, clock }: ResolvedOptions,
    ) => {
      const options = exporters[name];
      if (!enabled || options === undefined) return null;
      const [loaded, { ExporterMetrics }] = await Promise.all([
        late.load(),
        loadInTurn(() => import('../exporters/push/exporter-metrics.js')),
      ]);
      const exporter = loaded as PushExporterClass;
      const metrics = new ExporterMetrics(registry);
      return new exporter(sourceFor(name, sources, exporters), options, {
        clock,
        metrics,
        logger: new Logger('Monitoring'),
        ...(member && {
          isLeader: () => member.isLeader,
          hasSuccessor: () => member.hasSuccessor,
        }),
      });
    },
  };
}

/** Returns the metrics under the names that the remote of an exporter expects. */
function sourceFor(
  name: PushExporterName,
  { own, exposed, semantic }: ConventionalSources,
  { otlp }: ResolvedExporters,
): MetricsSource {
  if (FOR_PROMETHEUS.includes(name)) return exposed;
  return name === 'otlp' && otlp?.conventions === 'otel' ? semantic : own;
}

function countBridgeDrops(registry: MetricsRegistry): NonNullable<BridgeDependencies['dropped']> {
  let drops: Counter<'metric' | 'reason'> | undefined;
  return (metric, reason) => {
    // prom-client is loaded only by an application that bridges it.
    drops ??= registry.counter(
      'monitoring_bridge_dropped_metrics_total',
      'Metrics of other libraries that were left out of an exposition, by metric and reason.',
      { labelNames: ['metric', 'reason'] },
    );
    drops.inc({ metric, reason });
  };
}
