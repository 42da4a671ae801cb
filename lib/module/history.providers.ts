import type { Provider } from '@nestjs/common';
import type { ClusterMember } from '../cluster/cluster-member.js';
import { HistorySampler } from '../history/history-sampler.js';
import { HistoryMetrics } from '../history/history-metrics.js';
import { HistoryLifecycle } from '../history/history.lifecycle.js';
import { resolveHistory } from '../history/history.options.js';
import { HistoryStore } from '../history/history-store.js';
import { ScheduleIntegration } from '../integrations/schedule/schedule.integration.js';
import { MetricsHistory } from '../query/metrics-history.js';
import { callbackGuard, instrumentationGuard } from '../metrics/error-guards.js';
import { MetricsRegistry, type MetricsSource } from '../metrics/registry.js';
import { CLUSTER_MEMBER } from './lazily-loaded.token.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { METRICS_SOURCE } from './metrics-source.token.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** Providers of the history, its sampler and its queries. */
export const HISTORY_PROVIDERS: readonly Provider[] = [
  {
    provide: HistoryStore,
    inject: [RESOLVED_OPTIONS, MetricsRegistry],
    useFactory: ({ history: options }: ResolvedOptions, registry: MetricsRegistry) => {
      const history = new HistoryStore(
        options || resolveHistory(),
        callbackGuard(registry, 'history.onSample'),
      );
      if (options) registry.addCollector(new HistoryMetrics(history, registry));
      return history;
    },
  },
  {
    provide: MetricsHistory,
    inject: [HistoryStore],
    useFactory: (store: HistoryStore) => new MetricsHistory(store),
  },
  {
    provide: HistorySampler,
    inject: [HistoryStore, METRICS_SOURCE, MetricsRegistry, CLUSTER_MEMBER],
    useFactory: (
      history: HistoryStore,
      source: MetricsSource,
      registry: MetricsRegistry,
      member: ClusterMember | null,
    ) =>
      new HistorySampler(
        history,
        source,
        instrumentationGuard(registry, 'history'),
        (snapshot) => member?.isReliable(snapshot) ?? true,
      ),
  },
  {
    provide: HistoryLifecycle,
    inject: [HistorySampler, ScheduleIntegration, RESOLVED_OPTIONS],
    useFactory: (
      sampler: HistorySampler,
      { registerTimer }: ScheduleIntegration,
      { enabled, history }: ResolvedOptions,
    ) => new HistoryLifecycle(sampler, enabled && history !== false, registerTimer),
  },
];
