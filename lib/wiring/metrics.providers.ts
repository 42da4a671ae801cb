import { Logger, type Provider } from '@nestjs/common';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from '../monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** The registry of the application. */
export const METRICS_PROVIDERS: readonly Provider[] = [
  {
    provide: MetricsRegistry,
    inject: [RESOLVED_OPTIONS],
    useFactory: ({ enabled, defaultLabels, seriesLimit, clock }: ResolvedOptions) =>
      new MetricsRegistry({ enabled, defaultLabels, seriesLimit, clock, logger: new Logger('Monitoring') }),
  },
];
