import type { NameTimer } from './push/push.beat.js';

/** What pushes as long as the application runs. */
export interface StartedExporter {
  readonly name?: string;
  /** The reason why its remote takes nothing until somebody acts; undefined while it does. */
  readonly stopReason?: string | undefined;
  /** Gets ready; what is missing for that keeps the application from starting. */
  open?(): Promise<void>;
  start(nameTimer?: NameTimer): void;
  /** Never rejects. */
  shutdown(): Promise<void>;
}

/** Starts the exporters with the application and lets them push a last time when it serves no more. */
export class ExportersLifecycle {
  constructor(
    private readonly exporters: readonly StartedExporter[],
    private readonly nameTimer?: NameTimer,
  ) {}

  async open(): Promise<void> {
    await Promise.all(this.exporters.map(async (exporter) => exporter.open?.()));
  }

  start(): void {
    for (const exporter of this.exporters) exporter.start(this.nameTimer);
  }

  /** The exporters whose remote takes nothing until somebody acts, and why. */
  stopped(): { readonly exporter: string; readonly reason: string }[] {
    return this.exporters.flatMap(({ name, stopReason }) =>
      stopReason === undefined ? [] : [{ exporter: name ?? 'unnamed', reason: stopReason }],
    );
  }

  /** Whether there is any exporter that pushes. */
  get isEmpty(): boolean {
    return this.exporters.length === 0;
  }

  async shutdown(): Promise<void> {
    await Promise.all(this.exporters.map((exporter) => exporter.shutdown()));
  }
}
