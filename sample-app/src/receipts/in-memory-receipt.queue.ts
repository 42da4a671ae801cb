import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type Receipt, ReceiptQueue } from './receipt.queue.js';
import { ReceiptsService } from './receipts.service.js';

/** Receipts that wait in this process, one after the other; what is left at the end is lost. */
@Injectable()
export class InMemoryReceiptQueue extends ReceiptQueue implements OnApplicationShutdown {
  private readonly logger = new Logger('Receipts');
  private last = Promise.resolve();
  private closed = false;

  constructor(private readonly receipts: ReceiptsService) {
    super();
  }

  add(receipt: Receipt): Promise<void> {
    this.last = this.last.then(() => this.send(receipt));
    return Promise.resolve();
  }

  onApplicationShutdown(): void {
    this.closed = true;
  }

  private async send(receipt: Receipt): Promise<void> {
    if (this.closed) return;
    try {
      await this.receipts.send(receipt);
    } catch (error) {
      this.logger.warn(`Receipt ${receipt.reference} was not sent: ${String(error)}`);
    }
  }
}
