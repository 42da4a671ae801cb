import { withinTime } from '../../primitives/deadline.js';
import { messageOf } from '../../primitives/message-of.js';
import type { Alert } from '../alert.js';
import type { AlertView } from './alert-group.js';
import type { Channel, ChannelStatus } from './channel.js';
import type { ResolvedHandlerOptions } from './handler.options.js';
import { type AlertStateHandler, NotificationError } from './notification.js';

/** So long a handler may take to say what became of it when its time is over, in milliseconds. */
const GRACE_MS = 1_000;

interface Sent {
  readonly at: number;
  readonly alert: Alert;
}

/**
 * Keeps a handler up to date on all alerts, as Prometheus does: at once when they change, and again every so often as
 * long as they fire, and for a while after they were resolved. It is never told less because of a silence or an
 * inhibition: it has its own.
 */
export class StateChannel implements Channel {
  /** What the handler has taken of each alert, by fingerprint. */
  private readonly sent = new Map<string, Sent>();
  private readonly controller = new AbortController();
  private underWay: Promise<void> | undefined;
  /** Until when the receiver wants to be left alone, in milliseconds since the Unix epoch. */
  private restUntil = -Infinity;
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

  offer(alerts: readonly Alert[], view: AlertView, at: number): void {
    if (this.controller.signal.aborted) return;
    const current = this.current(alerts, view, at);
    const present = new Set(current.map(({ fingerprint }) => fingerprint));
    for (const [fingerprint, { alert }] of this.sent) {
      if (!present.has(fingerprint) && !view.isUncertain(alert)) this.sent.delete(fingerprint);
    }
    // As long as one sending is under way the next one waits: it will then say how things are by then.
    if (this.underWay !== undefined || at < this.restUntil) return;
    const due = current.filter(({ fingerprint, state }) => {
      const last = this.sent.get(fingerprint);
      return last?.alert.state !== state || at - last.at >= this.handler.resendDelayMs;
    });
    if (due.length > 0) this.underWay = this.send(due, at).finally(() => (this.underWay = undefined));
  }

  setBack(ms: number): void {
    this.restUntil -= ms;
    for (const [fingerprint, { at, alert }] of this.sent) this.sent.set(fingerprint, { at: at - ms, alert });
  }

  async settled(): Promise<void> {
    await this.underWay;
  }

  async close(): Promise<void> {
    this.controller.abort(new Error('it was stopped'));
    await this.underWay;
    await this.handler.close?.();
  }

  /**
   * What the handler is to know: the alerts that fire, those that were resolved lately, and those that it was told
   * fire and that are there no more. Of what failed to be evaluated nobody knows whether it is still so.
   */
  private current(alerts: readonly Alert[], { isUncertain }: AlertView, at: number): Alert[] {
    const { sendResolved, wants } = this.options;
    const current = new Map<string, Alert>();
    for (const alert of alerts) {
      if (isUncertain(alert) || alert.state === 'pending' || !wants(alert)) continue;
      // One that ended may fire again, under a rule that was added anew.
      if (current.get(alert.fingerprint)?.state !== 'firing') current.set(alert.fingerprint, alert);
    }
    for (const [fingerprint, { alert }] of this.sent) {
      if (current.has(fingerprint) || alert.state !== 'firing' || isUncertain(alert)) continue;
      current.set(fingerprint, { ...alert, state: 'resolved', resolvedAt: at });
    }
    return [...current.values()].filter(({ state }) => state === 'firing' || sendResolved);
  }

  private async send(alerts: readonly Alert[], at: number): Promise<void> {
    try {
      await this.attempt(alerts, at);
      for (const alert of alerts) this.sent.set(alert.fingerprint, { at, alert });
      this.delivered++;
      this.lastError = undefined;
    } catch (error) {
      this.failed++;
      if (error instanceof NotificationError) this.restUntil = at + (error.retryAfterMs ?? 0);
      const reason = messageOf(error);
      if (this.lastError === undefined) this.warn(`Alert handler ${this.handler.name} failed: ${reason}`);
      this.lastError = reason;
    }
  }

  /** A handler that gives up when its signal says so may still have reached one of several receivers. */
  private async attempt(alerts: readonly Alert[], at: number): Promise<void> {
    const { timeoutMs } = this.options;
    const own = new AbortController();
    const stop = (): void => own.abort(this.controller.signal.reason);
    this.controller.signal.addEventListener('abort', stop, { once: true });
    const tooLate = new Error(`it took longer than ${timeoutMs} ms`);
    const timer = setTimeout(() => own.abort(tooLate), timeoutMs).unref();
    try {
      const work = Promise.resolve(this.handler.send(alerts, at, this.intervalMs, own.signal));
      const { signal } = this.controller;
      await withinTime(work, timeoutMs + GRACE_MS, { signal, background: true });
    } catch (error) {
      throw own.signal.aborted && own.signal.reason === tooLate ? tooLate : error;
    } finally {
      clearTimeout(timer);
      this.controller.signal.removeEventListener('abort', stop);
    }
  }
}
