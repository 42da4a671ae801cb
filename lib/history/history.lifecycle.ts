import type { HistorySampler } from './history-sampler.js';

/** Samples the metrics from when the application has started until it ends. */
export class HistoryLifecycle {
  private unname: () => void = () => undefined;

  /** @param nameInterval shows a timer under a name to whom it may concern */
  constructor(
    private readonly beat: HistorySampler,
    private readonly enabled: boolean,
    private readonly nameInterval: (name: string, timer: NodeJS.Timeout) => () => void,
  ) {}

  start(): void {
    if (this.enabled) this.unname = this.nameInterval('monitoring.history', this.beat.start());
  }

  async stop(): Promise<void> {
    this.unname();
    await this.beat.stop();
  }
}
