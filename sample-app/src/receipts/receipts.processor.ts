import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import { RECEIPTS } from './bullmq-receipt.queue.js';
import type { Receipt } from './receipt.queue.js';
import { ReceiptsService } from './receipts.service.js';

/** Needs no decorator to be measured: see bullmq_jobs_completed_total and its like. */
@Processor(RECEIPTS, { concurrency: 4 })
export class ReceiptsProcessor extends WorkerHost {
  constructor(private readonly receipts: ReceiptsService) {
    super();
  }

  process({ data }: Job<Receipt>): Promise<void> {
    return this.receipts.send(data);
  }
}
