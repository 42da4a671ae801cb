import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { type Receipt, ReceiptQueue } from './receipt.queue.js';

export const RECEIPTS = 'receipts';

/** Receipts that wait in Redis, for whichever replica has time. */
@Injectable()
export class BullMqReceiptQueue extends ReceiptQueue {
  constructor(@InjectQueue(RECEIPTS) private readonly queue: Queue<Receipt>) {
    super();
  }

  async add(receipt: Receipt): Promise<void> {
    const options = { attempts: 3, backoff: 500, removeOnComplete: 100, removeOnFail: 100 };
    await this.queue.add('send', receipt, options);
  }
}
