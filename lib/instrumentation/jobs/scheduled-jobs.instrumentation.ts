import type { ScheduleIntegration } from '../../integrations/schedule/schedule.integration.js';
import type { ScheduledJobRecorder } from './scheduled-job.recorder.js';

/** Measures what `@nestjs/schedule` runs, in an application that uses it. */
export class ScheduledJobsInstrumentation {
  /** @param makeRecorder called if there are jobs that can be measured, so that others have no such metrics */
  constructor(
    private readonly schedule: ScheduleIntegration,
    private readonly makeRecorder: () => ScheduledJobRecorder,
  ) {}

  install(): void {
    if (!this.schedule.isUsed) return;
    const { measure, guard } = this.makeRecorder();
    this.schedule.replaceJobs(measure, guard);
  }
}
