import type { HistorySampler } from './history-sampler.js';

/** The lifecycle of the history: samples are taken from the bootstrap of the application until its shutdown. */
export class HistoryLifecycle {
  private unregister: () => void = () => undefined;

  /** @param registerInterval registers a timer by name; returns a function that unregisters it */
  constructor(
    private readonly sampler: HistorySampler,
    private readonly enabled: boolean,
    private readonly registerInterval: (name: string, timer: NodeJS.Timeout) => () => void,
  ) {}

  start(): void {
    if (this.enabled) this.unregister = this.registerInterval('monitoring.history', this.sampler.start());
  }

  async stop(): Promise<void> {
    this.unregister();
    await this.sampler.stop();
  }
}
