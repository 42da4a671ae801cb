import type { ScheduleIntegration } from '../../integrations/schedule/schedule.integration.js';
import type { ScheduledJobRecorder } from './scheduled-job.recorder.js';

/** The instrumentation of the jobs of `@nestjs/schedule`. */
export class ScheduledJobsInstrumentation {
  /** @param createRecorder called if the application uses the package, so that others have no job metrics */
  constructor(
    private readonly schedule: ScheduleIntegration,
    private readonly createRecorder: () => ScheduledJobRecorder,
  ) {}

  install(): void {
    if (!this.schedule.isUsed) return;
    const { measure, guard } = this.createRecorder();
    this.schedule.replaceJobs(measure, guard);
  }
}
