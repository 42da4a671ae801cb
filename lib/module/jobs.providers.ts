import type { Provider } from '@nestjs/common';
import { QueuesCollector } from '../collectors/queues/queues.collector.js';
import { QueuesLifecycle } from '../collectors/queues/queues.lifecycle.js';
import { RunningCollectors } from '../collectors/running-collectors.js';
import { QueueJobRecorder } from '../instrumentation/jobs/queue-job.recorder.js';
import { QueueJobsInstrumentation } from '../instrumentation/jobs/queue-jobs.instrumentation.js';
import { ScheduledJobRecorder } from '../instrumentation/jobs/scheduled-job.recorder.js';
import { ScheduledJobsInstrumentation } from '../instrumentation/jobs/scheduled-jobs.instrumentation.js';
import { OperationRecorder } from '../instrumentation/requests/operation.recorder.js';
import { ApplicationObjects } from '../integrations/application-objects.integration.js';
import { ScheduleIntegration } from '../integrations/schedule/schedule.integration.js';
import { instrumentationGuard } from '../metrics/error-guards.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** Providers of the job metrics. */
export const JOBS_PROVIDERS: readonly Provider[] = [
  {
    provide: ScheduledJobsInstrumentation,
    inject: [ScheduleIntegration, MetricsRegistry, OperationRecorder, RESOLVED_OPTIONS],
    useFactory: (
      schedule: ScheduleIntegration,
      registry: MetricsRegistry,
      records: OperationRecorder | null,
      { enabled, jobs, clock }: ResolvedOptions,
    ) => {
      const options = jobs.schedule;
      if (!enabled || options === false) return null;
      return new ScheduledJobsInstrumentation(
        schedule,
        () => new ScheduledJobRecorder(registry, clock, options, records ?? undefined),
      );
    },
  },
  {
    provide: QueueJobsInstrumentation,
    inject: [ApplicationObjects, MetricsRegistry, OperationRecorder, RESOLVED_OPTIONS],
    useFactory: (
      objects: ApplicationObjects,
      registry: MetricsRegistry,
      records: OperationRecorder | null,
      { enabled, jobs, clock }: ResolvedOptions,
    ) => {
      const options = jobs.bullmq;
      if (!enabled || options === false) return null;
      const guard = instrumentationGuard(registry, 'bullmq');
      return new QueueJobsInstrumentation(
        objects,
        guard,
        () => new QueueJobRecorder(registry, clock, guard, options, records ?? undefined),
        records?.operations,
      );
    },
  },
  {
    provide: QueuesLifecycle,
    inject: [RunningCollectors, ApplicationObjects, MetricsRegistry, RESOLVED_OPTIONS],
    useFactory: (
      running: RunningCollectors,
      objects: ApplicationObjects,
      registry: MetricsRegistry,
      { enabled, collectors: { queues: options } }: ResolvedOptions,
    ) => {
      if (!enabled || options === false) return null;
      return new QueuesLifecycle(
        running,
        objects,
        (queues) => new QueuesCollector(registry, queues, options),
      );
    },
  },
];
