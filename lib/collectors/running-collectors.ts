import type { Clock } from '../metrics/clock.js';
import { CollectorRunner } from '../metrics/collector-runner.js';
import { yieldToEventLoop } from '../primitives/yield-to-event-loop.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import { freeName } from '../primitives/free-name.js';
import { ScheduledCollector } from './scheduled-collector.js';
import type { ManagedCollector } from './managed-collector.js';
import type { RegisterTimer } from '../primitives/register-timer.js';

interface Running {
  /** The collector; a collector that always fails, if `start()` of the original threw. */
  readonly collector: ManagedCollector;
  /** Takes the collector out of use; undefined while the collector waits for the application to start. */
  release: (() => void) | undefined;
  schedule?: ScheduledCollector;
}

/** The collectors of one application, which can be added and removed at any time. */
export class RunningCollectors {
  private readonly running = new Map<ManagedCollector, Running>();
  private readonly runner: CollectorRunner;
  private registerTimer: RegisterTimer | undefined;
  /** True once {@link runSchedules} was called; a collector that is added later runs at once. */
  private areRunning = false;
  private isStopped = false;

  /** @param enabled if false, no collector is ever started */
  constructor(
    private readonly registry: MetricsRegistry,
    clock: Clock,
    private readonly enabled = true,
  ) {
    this.runner = new CollectorRunner(clock);
  }

  /**
   * Starts a collector. Without an interval it runs at every scrape; with one, it runs on schedule once the application
   * has started. A collector whose `start()` throws is reported as failed at every run.
   *
   * @returns a function that stops and removes the collector
   */
  add(collector: ManagedCollector): () => void {
    if (!this.enabled || this.isStopped || this.running.has(collector)) return () => this.remove(collector);
    const running: Running = { collector: started(collector), release: undefined };
    this.running.set(collector, running);
    if (collector.intervalMs === undefined) running.release = this.registry.addCollector(running.collector);
    else if (this.registerTimer !== undefined) this.startSchedule(running, this.registerTimer);
    return () => this.remove(collector);
  }

  /** Returns the name, with a number appended if another collector has it. */
  freeName(name: string): string {
    const taken = new Set([...this.running.keys()].map((collector) => collector.name));
    return freeName(name, (other) => taken.has(other));
  }

  /**
   * Starts the intervals of the collectors. Called once the application has started. A collector runs for the first time
   * with {@link runSchedules}, or at a scrape that comes before it.
   */
  startSchedules(registerTimer: RegisterTimer = () => () => undefined): void {
    this.registerTimer = registerTimer;
    for (const running of this.running.values()) {
      if (running.release === undefined) this.startSchedule(running, registerTimer);
    }
  }

  /** Runs each collector that has an interval for the first time, in a turn of the event loop of its own. */
  async runSchedules(): Promise<void> {
    this.areRunning = true;
    for (const { schedule } of this.running.values()) {
      if (schedule === undefined) continue;
      void schedule.runFirst();
      await yieldToEventLoop();
    }
  }

  /** Stops every collector; none can be added afterwards. */
  stop(): void {
    this.isStopped = true;
    for (const collector of this.running.keys()) this.remove(collector);
  }

  private startSchedule(running: Running, registerTimer: RegisterTimer): void {
    const { collector } = running;
    const scheduled = new ScheduledCollector(collector, collector.intervalMs ?? 0, this.runner);
    const unregisterTimer = registerTimer(`monitoring.${collector.name}`, scheduled.start());
    const removeFromRegistry = this.registry.addCollector(scheduled);
    running.schedule = scheduled;
    if (this.areRunning) void scheduled.runFirst();
    running.release = () => {
      unregisterTimer();
      removeFromRegistry();
      scheduled.stop();
    };
  }

  private remove(collector: ManagedCollector): void {
    const running = this.running.get(collector);
    if (running === undefined) return;
    this.running.delete(collector);
    running.release?.();
    try {
      running.collector.stop?.();
    } catch {
      // It is out of use already, and the other collectors still have to be stopped.
    }
  }
}

function started(collector: ManagedCollector): ManagedCollector {
  try {
    collector.start?.();
    return collector;
  } catch (error) {
    const { name, metricNames, intervalMs } = collector;
    const collect = () => Promise.reject(error);
    return { name, metricNames, ...(intervalMs !== undefined && { intervalMs }), collect };
  }
}
