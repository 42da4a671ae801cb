import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { MonitorPerformance, TrackErrors } from 'nestjs-monitoring';
import type { Receipt } from './receipt.queue.js';

class MailboxFullError extends Error {}

/** Sends receipts; stands for a mail server, which refuses one in twenty at first. */
@Injectable()
export class ReceiptsService {
  @MonitorPerformance({ name: 'send_receipt', labels: { queue: 'receipts' } })
  @TrackErrors({ metricName: 'receipt_errors_total', labels: { gateway: 'mail' } })
  async send({ reference }: Receipt): Promise<void> {
    await sleep(20 + 60 * Math.random());
    if (Math.random() < 0.05) throw new MailboxFullError(`The mailbox for ${reference} is full.`);
  }
}
