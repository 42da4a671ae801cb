import { withinTime } from '../../metrics/collector-runner.js';
import type { Alert } from '../alert.js';
import type { Channel, ChannelStatus } from './channel.js';
import type { ResolvedHandlerOptions } from './handler.options.js';
import type { AlertStateHandler } from './notification.js';

interface Sent {
  readonly at: number;
  readonly state: Alert['state'];
}

/**
 * Keeps a handler up to date on all alerts, as Prometheus does: at once when they change, and again every so often as
 * long as they fire, and for a while after they were resolved. It is never told less because of a silence or an
 * inhibition: it has its own.
 */
export class StateChannel implements Channel {
  private readonly sent = new Map<string, Sent>();
  private readonly controller = new AbortController();
  private underWay: Promise<void> | undefined;
  private delivered = 0;
  private failed = 0;
  private lastError: string | undefined;

  constructor(
    private readonly handler: AlertStateHandler,
    private readonly options: ResolvedHandlerOptions,
    private readonly intervalMs: number,
    private readonly warn: (message: string) => void,
  ) {}

  get status(): ChannelStatus {
    const { delivered, failed, lastError } = this;
    const waiting = this.underWay === undefined ? 0 : 1;
    return { handler: this.handler.name, delivered, failed, dropped: 0, waiting, lastError };
  }

  offer(alerts: readonly Alert[], _isMuted: unknown, at: number): void {
    if (this.controller.signal.aborted) return;
    const wanted = alerts.filter((alert) => alert.state !== 'pending' && this.options.wants(alert));
    const present = new Set(wanted.map(({ fingerprint }) => fingerprint));
    for (const fingerprint of this.sent.keys()) if (!present.has(fingerprint)) this.sent.delete(fingerprint);
    // As long as one sending is under way the next one waits: it will then say how things are by then.
    if (this.underWay !== undefined) return;
    const due = wanted.filter(({ fingerprint, state }) => {
      const last = this.sent.get(fingerprint);
      return last?.state !== state || at - last.at >= this.handler.resendDelayMs;
    });
    if (due.length > 0) this.underWay = this.send(due, at).finally(() => (this.underWay = undefined));
  }

  setBack(ms: number): void {
    for (const [fingerprint, { at, state }] of this.sent) this.sent.set(fingerprint, { at: at - ms, state });
  }

  async settled(): Promise<void> {
    await this.underWay;
  }

  async close(): Promise<void> {
    this.controller.abort(new Error('it was stopped'));
    await this.underWay;
    await this.handler.close?.();
  }

  private async send(alerts: readonly Alert[], at: number): Promise<void> {
    try {
      const { signal } = this.controller;
      const work = this.handler.send(alerts, at, this.intervalMs, signal);
      await withinTime(work, this.options.timeoutMs, { signal, background: true });
      for (const { fingerprint, state } of alerts) this.sent.set(fingerprint, { at, state });
      this.delivered++;
      this.lastError = undefined;
    } catch (error) {
      this.failed++;
      const reason = error instanceof Error ? error.message : String(error);
      if (this.lastError === undefined) this.warn(`Alert handler ${this.handler.name} failed: ${reason}`);
      this.lastError = reason;
    }
  }
}
