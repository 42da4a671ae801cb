import type { Clock } from '../metrics/clock.js';
import { CollectorRunner } from '../metrics/collector-runner.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import { Beat } from './beat.js';
import type { SourceCollector } from './source.collector.js';

/** Shows a timer under a name to whom it may concern; gives back how to take it out again. */
export type NameInterval = (name: string, timer: NodeJS.Timeout) => () => void;

interface Running {
  /** What has been started, or what fails in its place because it did not start. */
  readonly collector: SourceCollector;
  /** Undefined while it waits for the application to start. */
  release: (() => void) | undefined;
}

/** The collectors of one application: which there are, and when each runs. They may come and go at any time. */
export class RunningCollectors {
  private readonly running = new Map<SourceCollector, Running>();
  private readonly runner: CollectorRunner;
  private nameInterval: NameInterval | undefined;
  private ended = false;

  /** @param enabled when it is false, no collector is ever started */
  constructor(
    private readonly registry: MetricsRegistry,
    clock: Clock,
    private readonly enabled = true,
  ) {
    this.runner = new CollectorRunner(clock);
  }

  /**
   * Starts a collector: with an interval, it runs from when the application has started, which may be now; without,
   * whenever the metrics are asked for. One that cannot be started fails whenever it should run.
   *
   * @returns how to stop it and take it out again
   */
  add(collector: SourceCollector): () => void {
    if (!this.enabled || this.ended || this.running.has(collector)) return () => this.remove(collector);
    const running: Running = { collector: started(collector), release: undefined };
    this.running.set(collector, running);
    if (collector.intervalMs === undefined) running.release = this.registry.addCollector(running.collector);
    else if (this.nameInterval !== undefined) this.beginBeat(running, this.nameInterval);
    return () => this.remove(collector);
  }

  /** A name that no collector here has: this one, or this one with a number behind it. */
  freeName(name: string): string {
    const taken = new Set([...this.running.keys()].map((collector) => collector.name));
    let free = name;
    for (let number = 2; taken.has(free); number++) free = `${name}_${number}`;
    return free;
  }

  /** Begins the beats: the application has started. */
  begin(nameInterval: NameInterval = () => () => undefined): void {
    this.nameInterval = nameInterval;
    for (const running of this.running.values()) {
      if (running.release === undefined) this.beginBeat(running, nameInterval);
    }
  }

  /** Stops every collector for good. */
  end(): void {
    this.ended = true;
    for (const collector of this.running.keys()) this.remove(collector);
  }

  private beginBeat(running: Running, nameInterval: NameInterval): void {
    const { collector } = running;
    const beat = new Beat(collector, collector.intervalMs ?? 0, this.runner);
    const unname = nameInterval(`monitoring.${collector.name}`, beat.start());
    const forget = this.registry.addCollector(beat);
    running.release = () => {
      unname();
      forget();
      beat.stop();
    };
  }

  private remove(collector: SourceCollector): void {
    const running = this.running.get(collector);
    if (running === undefined) return;
    this.running.delete(collector);
    running.release?.();
    try {
      running.collector.stop?.();
    } catch {
      // It is out of use, and the others have to be stopped too.
    }
  }
}

function started(collector: SourceCollector): SourceCollector {
  try {
    collector.start?.();
    return collector;
  } catch (error) {
    const { name, metricNames, intervalMs } = collector;
    const collect = () => Promise.reject(error);
    return { name, metricNames, ...(intervalMs !== undefined && { intervalMs }), collect };
  }
}
