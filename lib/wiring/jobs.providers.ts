import type { Provider } from '@nestjs/common';
import { ScheduledJobRecorder } from '../instrumentation/jobs/scheduled-job.recorder.js';
import { ScheduledJobsInstrumentation } from '../instrumentation/jobs/scheduled-jobs.instrumentation.js';
import { ScheduleIntegration } from '../integrations/schedule.integration.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from '../monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** What measures the jobs of the application. */
export const JOBS_PROVIDERS: readonly Provider[] = [
  {
    provide: ScheduledJobsInstrumentation,
    inject: [ScheduleIntegration, MetricsRegistry, RESOLVED_OPTIONS],
    useFactory: (
      schedule: ScheduleIntegration,
      registry: MetricsRegistry,
      { enabled, jobs, clock }: ResolvedOptions,
    ) => {
      const options = jobs.schedule;
      if (!enabled || options === false) return null;
      return new ScheduledJobsInstrumentation(
        schedule,
        () => new ScheduledJobRecorder(registry, clock, options),
      );
    },
  },
];
