/** What is needed to send a receipt. */
export interface Receipt {
  readonly reference: string;
  readonly amountCents: number;
}

/** Where receipts wait to be sent, so that nobody waits for them. */
export abstract class ReceiptQueue {
  abstract add(receipt: Receipt): Promise<void>;
}
