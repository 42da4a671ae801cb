import type { Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { HealthLifecycle } from '../health/health.lifecycle.js';
import { HealthMonitor } from '../health/health.monitor.js';
import type { ResolvedOptions } from '../monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** What knows how the application is. */
export const HEALTH_PROVIDERS: readonly Provider[] = [
  {
    provide: HealthMonitor,
    inject: [RESOLVED_OPTIONS],
    useFactory: ({ clock }: ResolvedOptions) => new HealthMonitor(clock),
  },
  {
    provide: HealthLifecycle,
    inject: [HealthMonitor, HttpAdapterHost],
    useFactory: (monitor: HealthMonitor, host: HttpAdapterHost) => new HealthLifecycle(monitor, host),
  },
];
