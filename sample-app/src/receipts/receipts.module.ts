import { BullModule } from '@nestjs/bullmq';
import { type DynamicModule, Module } from '@nestjs/common';
import { BullMqReceiptQueue, RECEIPTS } from './bullmq-receipt.queue.js';
import { InMemoryReceiptQueue } from './in-memory-receipt.queue.js';
import { ReceiptQueue } from './receipt.queue.js';
import { ReceiptsProcessor } from './receipts.processor.js';
import { ReceiptsService } from './receipts.service.js';

@Module({ providers: [ReceiptsService], exports: [ReceiptQueue] })
export class ReceiptsModule {
  /** @param redisUrl where the queue is; without it, it is in memory */
  static on(redisUrl: string | undefined): DynamicModule {
    if (redisUrl === undefined) {
      return {
        module: ReceiptsModule,
        global: true,
        providers: [{ provide: ReceiptQueue, useClass: InMemoryReceiptQueue }],
      };
    }
    return {
      module: ReceiptsModule,
      global: true,
      imports: [
        BullModule.forRoot({ connection: { url: redisUrl } }),
        BullModule.registerQueue({ name: RECEIPTS }),
      ],
      providers: [ReceiptsProcessor, { provide: ReceiptQueue, useClass: BullMqReceiptQueue }],
    };
  }
}
