import type { Provider } from '@nestjs/common';
import { ClusterMember } from '../cluster/cluster-member.js';
import { HistoryBeat } from '../history/history-beat.js';
import { HistoryMetrics } from '../history/history-metrics.js';
import { HistoryLifecycle } from '../history/history.lifecycle.js';
import { MetricsHistory } from '../history/metrics-history.js';
import { ScheduleIntegration } from '../integrations/schedule.integration.js';
import { callbackGuard, instrumentationGuard } from '../metrics/error-reports.js';
import { MetricsRegistry, type MetricsSource } from '../metrics/registry.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { METRICS_SOURCE } from './metrics-source.token.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** What the metrics were lately. */
export const HISTORY_PROVIDERS: readonly Provider[] = [
  {
    provide: MetricsHistory,
    inject: [RESOLVED_OPTIONS, MetricsRegistry],
    useFactory: ({ history: options }: ResolvedOptions, registry: MetricsRegistry) => {
      const history = new MetricsHistory(options, callbackGuard(registry, 'history.onSample'));
      registry.addCollector(new HistoryMetrics(history, registry));
      return history;
    },
  },
  {
    provide: HistoryBeat,
    inject: [MetricsHistory, METRICS_SOURCE, MetricsRegistry, ClusterMember],
    useFactory: (
      history: MetricsHistory,
      source: MetricsSource,
      registry: MetricsRegistry,
      member: ClusterMember | null,
    ) =>
      new HistoryBeat(
        history,
        source,
        instrumentationGuard(registry, 'history'),
        (snapshot) => member?.isReliable(snapshot) ?? true,
      ),
  },
  {
    provide: HistoryLifecycle,
    inject: [HistoryBeat, ScheduleIntegration, RESOLVED_OPTIONS],
    useFactory: (beat: HistoryBeat, { nameInterval }: ScheduleIntegration, { enabled }: ResolvedOptions) =>
      new HistoryLifecycle(beat, enabled, nameInterval),
  },
];
