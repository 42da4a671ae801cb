import { messageOf } from '../../primitives/error-message.js';
import type { ChannelStatus } from './channel.js';

/** The record of the deliveries to one handler. Of consecutive failures, the first is logged. */
export class DeliveryRecord {
  private delivered = 0;
  private failed = 0;
  private dropped = 0;
  private lastError: string | undefined;

  constructor(
    private readonly handler: string,
    private readonly warn: (message: string) => void,
  ) {}

  /** Records a delivered notification. */
  recordDelivery(): void {
    this.delivered++;
    this.recordRecovery();
  }

  /** Records that the last notification did not fail. */
  recordRecovery(): void {
    this.lastError = undefined;
  }

  /** Records a notification that failed after all retries. */
  recordFailure(error: unknown): void {
    this.failed++;
    const reason = messageOf(error);
    if (this.lastError === undefined) this.warn(`Alert handler ${this.handler} failed: ${reason}`);
    this.lastError = reason;
  }

  /** Records notifications that were dropped. */
  recordDropped(count: number): void {
    this.dropped += count;
  }

  /** Returns the delivery status. @param waiting the number of notifications that are queued or in flight */
  status(waiting: number): ChannelStatus {
    const { handler, delivered, failed, dropped, lastError } = this;
    return { handler, delivered, failed, dropped, waiting, lastError };
  }
}
