import type { BullMqQueue } from '../../integrations/bullmq/bullmq.discovery.js';
import { countBullMqJobs } from '../../integrations/bullmq/bullmq.ping.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ManagedCollector } from '../managed-collector.js';
import type { QueueCollectorOptions } from './queues.options.js';
import { QUEUE_METRICS } from '../../metrics/metric-names.js';

/** A collector of the jobs in each BullMQ queue, by state. Every replica reads the same numbers. */
export class QueuesCollector implements ManagedCollector {
  readonly name = 'queues';
  readonly metricNames = [QUEUE_METRICS.jobs];
  readonly intervalMs?: number;

  private readonly jobs: Gauge<'queue' | 'state'>;

  constructor(
    registry: MetricsRegistry,
    private readonly queues: readonly BullMqQueue[],
    { intervalMs }: QueueCollectorOptions,
  ) {
    this.jobs = registry.gauge(
      QUEUE_METRICS.jobs,
      'Jobs in a queue, by state, such as waiting, active or failed.',
      {
        labelNames: ['queue', 'state'],
        aggregate: 'shared',
      },
    );
    if (intervalMs !== undefined) this.intervalMs = intervalMs;
  }

  async collect(signal: AbortSignal): Promise<void> {
    await Promise.all(
      this.queues.map(async (queue) => {
        const counts = await countBullMqJobs(queue, signal);
        for (const [state, count] of Object.entries(counts)) {
          this.jobs.set({ queue: queue.name, state }, count);
        }
      }),
    );
  }
}
