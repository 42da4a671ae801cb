import { expectKeys, intervalMsOf } from '../../options/option-checks.js';

/** Options of the collector of queues. */
export interface QueuesOptions {
  /** Interval at which the queues are read from Redis, in milliseconds. @default reads at every scrape */
  readonly intervalMs?: number;
}

/** @throws {MonitoringOptionsError} */
export function resolveQueues(queues: QueuesOptions | false = {}): QueuesOptions | false {
  if (queues === false) return false;
  expectKeys('collectors.queues', queues, ['intervalMs']);
  const { intervalMs } = queues;
  if (intervalMs === undefined) return {};
  return { intervalMs: intervalMsOf('collectors.queues.intervalMs', intervalMs, intervalMs) };
}
