import {
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { BullMqIntegration } from '../../integrations/bullmq/bullmq.integration.js';
import type { Guard } from '../../primitives/guard.js';
import type { QueueJobRecorder } from './queue-job.recorder.js';

/** The instrumentation of BullMQ workers. */
@Injectable()
export class QueueJobsInstrumentation implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private recorder: QueueJobRecorder | undefined;
  private rescan: (() => void) | undefined;
  private readonly stops: (() => void)[] = [];

  /** @param createRecorder called for the first worker, so that applications without workers have no job metrics */
  constructor(
    private readonly bullMq: BullMqIntegration,
    private readonly guard: Guard,
    private readonly createRecorder: () => QueueJobRecorder,
  ) {}

  onModuleInit(): void {
    this.rescan = this.bullMq.eachWorker((worker) => {
      this.recorder ??= this.createRecorder();
      this.stops.push(this.recorder.measure(worker));
    }, this.guard);
  }

  onApplicationBootstrap(): void {
    this.rescan?.();
  }

  onApplicationShutdown(): void {
    for (const stop of this.stops.splice(0)) stop();
  }
}
