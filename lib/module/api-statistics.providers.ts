import type { Provider } from '@nestjs/common';
import { ApiStatistics } from '../query/api-statistics.js';
import { ApiStatisticsCollector } from '../collectors/api/api-statistics.collector.js';
import { RunningCollectors } from '../collectors/running-collectors.js';
import { MetricsHistory } from '../query/metrics-history.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** Providers of the statistics that are read from the history. */
export const API_STATISTICS_PROVIDERS: readonly Provider[] = [
  {
    provide: ApiStatistics,
    inject: [MetricsHistory, MetricsRegistry, RunningCollectors, RESOLVED_OPTIONS],
    useFactory: (
      history: MetricsHistory,
      registry: MetricsRegistry,
      running: RunningCollectors,
      { enabled, http, collectors: { api } }: ResolvedOptions,
    ) => {
      const statistics = new ApiStatistics(history, api === false ? 0 : api.windowMs);
      if (enabled && http !== false && api !== false) {
        statistics.retain();
        running.add(new ApiStatisticsCollector(registry, statistics, api.maxEndpoints));
      }
      return statistics;
    },
  },
];
