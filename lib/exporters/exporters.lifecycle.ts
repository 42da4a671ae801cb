import type { RegisterTimer } from '../primitives/register-timer.js';

/** An exporter that pushes while the application runs. */
export interface StartedExporter {
  readonly name?: string;
  /** Reason for which its remote rejects everything; undefined while it accepts requests. */
  readonly stopReason?: string | undefined;
  /** Prepares the exporter; a rejection keeps the application from starting. */
  open?(): Promise<void>;
  start(registerTimer?: RegisterTimer): void;
  /** Pushes what has happened since the last push. Never rejects. */
  flush(): Promise<void>;
  /** Pushes a last time. Never rejects. */
  shutdown(): Promise<void>;
}

/** The lifecycle of the exporters: start with the application, last push after it stopped serving. */
export class ExportersLifecycle {
  constructor(
    private readonly exporters: readonly StartedExporter[],
    private readonly registerTimer?: RegisterTimer,
  ) {}

  async open(): Promise<void> {
    await Promise.all(this.exporters.map(async (exporter) => exporter.open?.()));
  }

  start(): void {
    for (const exporter of this.exporters) exporter.start(this.registerTimer);
  }

  /** Pushes with every exporter what has happened since its last push. Never rejects. */
  async flush(): Promise<void> {
    await Promise.all(this.exporters.map((exporter) => exporter.flush()));
  }

  /** Returns the exporters whose remote rejects everything, with the reason. */
  stopped(): { readonly exporter: string; readonly reason: string }[] {
    return this.exporters.flatMap(({ name, stopReason }) =>
      stopReason === undefined ? [] : [{ exporter: name ?? 'unnamed', reason: stopReason }],
    );
  }

  /** True if no exporter pushes. */
  get isEmpty(): boolean {
    return this.exporters.length === 0;
  }

  async shutdown(): Promise<void> {
    await Promise.all(this.exporters.map((exporter) => exporter.shutdown()));
  }
}
