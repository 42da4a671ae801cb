import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Worker } from 'node:worker_threads';
import type { Counter } from '../../metrics/counter.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { SourceCollector } from '../source.collector.js';

const CHANNEL = 'worker_threads';

/** How many worker threads there are that were started since monitoring was. */
export class WorkerThreadsCollector implements SourceCollector {
  readonly name = 'worker_threads';
  readonly metricNames = ['nodejs_worker_threads'];

  private readonly running: Gauge;
  private readonly started: Counter;
  private readonly workers = new Set<Worker>();

  constructor(registry: MetricsRegistry) {
    this.running = registry.gauge('nodejs_worker_threads', 'Worker threads that run.');
    this.started = registry.counter(
      'nodejs_worker_threads_started_total',
      'Worker threads that were started.',
    );
  }

  start(): void {
    subscribe(CHANNEL, this.note);
  }

  stop(): void {
    unsubscribe(CHANNEL, this.note);
    for (const worker of this.workers) worker.removeListener('exit', this.forgetOf(worker));
    this.workers.clear();
  }

  collect(): void {
    this.running.set(this.workers.size);
  }

  private readonly forgetters = new WeakMap<Worker, () => void>();

  private readonly note = (message: unknown): void => {
    const { worker } = message as { readonly worker: Worker };
    this.workers.add(worker);
    this.started.inc();
    worker.once('exit', this.forgetOf(worker));
  };

  private forgetOf(worker: Worker): () => void {
    const known = this.forgetters.get(worker);
    if (known !== undefined) return known;
    const forget = (): void => void this.workers.delete(worker);
    this.forgetters.set(worker, forget);
    return forget;
  }
}
