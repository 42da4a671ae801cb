import { OPTIONAL_INTERVAL, type OptionTable, readOptions } from '../../options/option-table.js';

/** Options of the collector of queues. */
export interface QueueCollectorOptions {
  /** Interval at which the queues are read from Redis, in milliseconds. @default reads at every scrape */
  readonly intervalMs?: number;
}

export const QUEUES: OptionTable<QueueCollectorOptions, QueueCollectorOptions> = {
  intervalMs: OPTIONAL_INTERVAL,
};

/** @throws {MonitoringOptionsError} */
export function resolveQueues(queues: QueueCollectorOptions | false = {}): QueueCollectorOptions | false {
  return queues !== false && readOptions('collectors.queues', queues, QUEUES);
}
