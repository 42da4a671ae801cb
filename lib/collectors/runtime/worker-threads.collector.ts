import type { Worker } from 'node:worker_threads';
import type { Counter } from '../../metrics/counter.js';
import type { Gauge } from '../../metrics/gauge.js';
import { instrumentationGuard } from '../../metrics/error-guards.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { subscribeToChannel } from '../../primitives/diagnostics-channels.js';
import type { Guard } from '../../primitives/guard.js';
import type { ManagedCollector } from '../managed-collector.js';

const CHANNEL = 'worker_threads';

/** A collector of the worker threads that were started after monitoring. */
export class WorkerThreadsCollector implements ManagedCollector {
  readonly name = 'worker_threads';
  readonly metricNames = ['nodejs_worker_threads'];

  private readonly running: Gauge;
  private readonly started: Counter;
  private readonly workers = new Set<Worker>();
  private unsubscribe: (() => void) | undefined;

  private readonly guard: Guard;

  constructor(registry: MetricsRegistry) {
    this.guard = instrumentationGuard(registry, 'worker-threads');
    this.running = registry.gauge('nodejs_worker_threads', 'Running worker threads.');
    this.started = registry.counter('nodejs_worker_threads_started_total', 'Worker threads started.');
  }

  start(): void {
    this.unsubscribe?.();
    this.unsubscribe = subscribeToChannel(CHANNEL, this.onWorker);
  }

  stop(): void {
    this.unsubscribe?.();
    this.unsubscribe = undefined;
    for (const worker of this.workers) worker.removeListener('exit', this.exitListenerOf(worker));
    this.workers.clear();
  }

  collect(): void {
    this.running.set(this.workers.size);
  }

  private readonly exitListeners = new WeakMap<Worker, () => void>();

  // Node.js rethrows an error of a subscriber as an uncaught exception.
  private readonly onWorker = (message: unknown): void => {
    this.guard.run(() => {
      const { worker } = message as { readonly worker: Worker };
      worker.once('exit', this.exitListenerOf(worker));
      this.workers.add(worker);
      this.started.inc();
    });
  };

  private exitListenerOf(worker: Worker): () => void {
    const known = this.exitListeners.get(worker);
    if (known !== undefined) return known;
    const onExit = (): void => void this.workers.delete(worker);
    this.exitListeners.set(worker, onExit);
    return onExit;
  }
}
