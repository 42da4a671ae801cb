import type { Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { BusinessMetrics } from '../business/business-metrics.js';
import type { IsLeader } from '../business/leadership.js';
import { MetricsCollectorExplorer } from '../business/metrics-collector.explorer.js';
import { RunningCollectors } from '../collectors/running-collectors.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { IS_LEADER } from './is-leader.token.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** Providers of business metrics and of `@MetricsCollector()`. */
export const BUSINESS_PROVIDERS: readonly Provider[] = [
  {
    provide: BusinessMetrics,
    inject: [MetricsRegistry, RunningCollectors, IS_LEADER, RESOLVED_OPTIONS],
    useFactory: (
      registry: MetricsRegistry,
      running: RunningCollectors,
      isLeader: IsLeader,
      { enabled, clock }: ResolvedOptions,
    ) => new BusinessMetrics(registry, running, clock, isLeader, enabled),
  },
  {
    provide: MetricsCollectorExplorer,
    inject: [ModulesContainer, RunningCollectors, MetricsRegistry, IS_LEADER, RESOLVED_OPTIONS],
    useFactory: (
      modules: ModulesContainer,
      running: RunningCollectors,
      registry: MetricsRegistry,
      isLeader: IsLeader,
      { enabled }: ResolvedOptions,
    ) => (enabled ? new MetricsCollectorExplorer(modules, running, registry, isLeader) : null),
  },
];
