import type { Provider } from '@nestjs/common';
import { CollectorLifecycle } from '../collectors/collector.lifecycle.js';
import { runtimeCollectors } from '../collectors/runtime.collectors.js';
import { SeriesCollector } from '../collectors/series.collector.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from '../monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** What is read of the process and its surroundings. */
export const COLLECTORS_PROVIDERS: readonly Provider[] = [
  {
    provide: CollectorLifecycle,
    inject: [MetricsRegistry, RESOLVED_OPTIONS],
    useFactory: (registry: MetricsRegistry, { enabled, collectors, clock }: ResolvedOptions) => {
      const runtime = collectors.runtime ? runtimeCollectors(registry, clock) : [];
      return new CollectorLifecycle(registry, enabled ? [...runtime, new SeriesCollector(registry)] : []);
    },
  },
];
