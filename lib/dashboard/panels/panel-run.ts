import { resultWithin, withinTime } from '../../primitives/deadline.js';
import { messageOf } from '../../primitives/error-message.js';
import { redactAndCut } from '../../primitives/redact.js';
import { inTimeSlices } from '../../primitives/time-slices.js';
import type { Guard } from '../../primitives/guard.js';
import type { FoundPanel } from './dashboard-panel.explorer.js';
import { readContent, type ShownContent } from './panel-content.js';

/** The age from which on a content is read again although no sample was taken since, in milliseconds. */
const MAX_AGE_MS = 15_000;
/** The time between two calls of a method at least, in milliseconds. */
const MIN_AGE_MS = 1_000;
const MESSAGE_LENGTH = 500;

/** The last outcome of the calls of a panel. */
export interface PanelOutcome {
  /** Increases with each outcome. */
  readonly version: number;
  readonly content?: ShownContent;
  /** Reason why there is no content. */
  readonly problem?: string;
  /** Start of the call, in milliseconds since the Unix epoch. */
  readonly readAt?: number;
}

/** The clocks of a run. */
export interface PanelClocks {
  /** Returns milliseconds since the Unix epoch. */
  now(): number;
  /** Returns milliseconds that never go backwards. */
  monotonic(): number;
}

/**
 * The calls of one panel: one at a time, each for all readers. A call that does not end is not repeated, and costs no
 * reader more than a moment.
 */
export class PanelRun {
  private latest: PanelOutcome = { version: 0 };
  private running: Promise<void> | undefined;
  /** The call of the application, which may outlast the run that gave it up. */
  private call: Promise<unknown> | undefined;
  private begun: { readonly at: number; readonly sample: number | undefined } | undefined;

  constructor(
    readonly panel: FoundPanel,
    private readonly guard: Guard,
    private readonly clocks: PanelClocks,
  ) {
    if (panel.refusal !== undefined) this.latest = { version: 1, problem: panel.refusal };
  }

  get outcome(): PanelOutcome {
    return this.latest;
  }

  /** True while the method runs and has not exceeded its time limit. */
  get isRunning(): boolean {
    return this.running !== undefined;
  }

  /**
   * Calls the method if its last result is older than the last sample of the history.
   *
   * @param sample time of the last sample
   * @returns a promise that is fulfilled when there is a result; never rejects
   */
  refresh(sample: number | undefined): Promise<void> {
    if (this.running !== undefined) return this.running;
    if (this.panel.call === undefined || this.call !== undefined || !this.isOutdated(sample)) {
      return Promise.resolve();
    }
    this.begun = { at: this.clocks.monotonic(), sample };
    this.running = this.run(this.panel.call).finally(() => (this.running = undefined));
    return this.running;
  }

  /** Makes the next {@link refresh} call the method. */
  expire(): void {
    this.begun = undefined;
  }

  private isOutdated(sample: number | undefined): boolean {
    if (this.begun === undefined) return true;
    const age = this.clocks.monotonic() - this.begun.at;
    return age >= MAX_AGE_MS || (age >= MIN_AGE_MS && this.begun.sample !== sample);
  }

  private async run(method: NonNullable<FoundPanel['call']>): Promise<void> {
    const readAt = this.clocks.now();
    const { version } = this.latest;
    try {
      const value = await this.result(method);
      const content = await inTimeSlices(readContent(value), () => this.clocks.monotonic());
      this.latest = { version: version + 1, content, readAt };
    } catch (error) {
      this.guard.report(error);
      this.latest = { version: version + 1, problem: problemOf(error), readAt };
    }
  }

  private async result(method: NonNullable<FoundPanel['call']>): Promise<unknown> {
    const { timeoutMs } = this.panel;
    const controller = new AbortController();
    // An async function, so that what it throws at once rejects, too.
    const call = (async () => method(controller.signal))();
    this.call = call;
    const settled = (): void => {
      if (this.call === call) this.call = undefined;
    };
    call.then(settled, settled);
    try {
      const message = `No answer within ${timeoutMs} ms. It is not called again before that call has ended.`;
      return await withinTime(call, timeoutMs, { background: true, message });
    } finally {
      controller.abort();
    }
  }
}

/** Refreshes panels and waits for them for a moment, so that a slow one delays no other. */
export async function refreshAll(
  runs: readonly PanelRun[],
  sample: number | undefined,
  patienceMs: number,
): Promise<void> {
  await resultWithin(Promise.all(runs.map((run) => run.refresh(sample))), patienceMs, { background: true });
}

/** Returns the reason of a failure for people, bounded and without secrets. */
export function problemOf(error: unknown): string {
  return redactAndCut(messageOf(error), MESSAGE_LENGTH);
}
