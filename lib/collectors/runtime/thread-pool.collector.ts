import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Timer } from '../../metrics/timer.js';
import type { ManagedCollector } from '../managed-collector.js';

/** Default and maximum of `UV_THREADPOOL_SIZE` in libuv. */
const DEFAULT_THREADS = 4;
const MAX_THREADS = 1024;

/**
 * A collector of the wait for a thread of the libuv pool, which runs file, DNS, zlib and crypto work. It times a trivial
 * task through the queue of the pool, without the time that the event loop was busy.
 */
export class ThreadPoolCollector implements ManagedCollector {
  readonly name = 'thread_pool';
  readonly metricNames = ['nodejs_threadpool_size'];

  private readonly wait: Timer;

  constructor(registry: MetricsRegistry) {
    this.wait = registry.timer(
      'nodejs_threadpool_wait_seconds',
      'Time that a task waited for a thread of the libuv pool.',
      { buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5] },
    );
    registry
      .gauge('nodejs_threadpool_size', 'Number of threads in the libuv pool.', { aggregate: 'process' })
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

/** Returns the size of the pool as libuv parses the variable: one thread if it is not a number. */
function threadsOf(variable: string | undefined): number {
  if (variable === undefined) return DEFAULT_THREADS;
  return Math.min(Math.max(Number.parseInt(variable, 10) || 1, 1), MAX_THREADS);
}
