import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { type Timer } from '../../metrics/timer.js';
import type { SourceCollector } from '../source.collector.js';

/** What libuv has unless `UV_THREADPOOL_SIZE` says otherwise, and the most that it takes. */
const DEFAULT_THREADS = 4;
const MOST_THREADS = 1024;

/**
 * How long work has to wait for a thread of libuv's pool, where files, DNS, zlib and crypto are done: a task that
 * takes next to nothing is put in the queue, and timed. What the event loop was busy meanwhile is not counted.
 */
export class ThreadPoolCollector implements SourceCollector {
  readonly name = 'thread_pool';
  readonly metricNames = ['nodejs_threadpool_size'];

  private readonly wait: Timer;

  constructor(registry: MetricsRegistry) {
    this.wait = registry.timer(
      'nodejs_threadpool_wait_seconds',
      'How long a task had to wait for a thread of the pool.',
      { buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5] },
    );
    registry
      .gauge('nodejs_threadpool_size', 'Number of threads in the pool of libuv.')
      .set(threadsOf(process.env['UV_THREADPOOL_SIZE']));
  }

  async collect(): Promise<void> {
    const before = performance.eventLoopUtilization();
    await new Promise<void>((resolve, reject) => {
      randomBytes(1, (error) => (error === null ? resolve() : reject(error)));
    });
    const { idle } = performance.eventLoopUtilization(before);
    this.wait.observe(idle / 1000);
  }
}

/** As libuv reads it: what is no number is one thread. */
function threadsOf(variable: string | undefined): number {
  if (variable === undefined) return DEFAULT_THREADS;
  return Math.min(Math.max(Number.parseInt(variable, 10) || 1, 1), MOST_THREADS);
}
