import type { Clock } from '../../metrics/clock.js';
import type { Alert } from '../alert.js';
import type { AlertContexts } from '../context/alert-contexts.js';
import type { EvaluationContext } from './alert-group.js';
import type { Channel, ChannelStatus } from './channel.js';
import { DeliveryRecord } from './delivery-record.js';
import { callHandler } from './handler-call.js';
import type { ResolvedHandlerOptions } from './handler.options.js';
import { type AlertStateHandler, NotificationError } from './notification.js';

/** The time that a handler has to return its result after its signal was aborted, in milliseconds. */
const GRACE_MS = 1_000;

/** The last accepted state of an alert. */
interface SentAlert {
  readonly at: number;
  readonly alert: Alert;
}

/**
 * A channel that sends the state of all alerts to a handler, as Prometheus does: at once when they change, and again at
 * each resend interval while they fire and for a while after they were resolved. Silences and inhibitions do not apply,
 * since the handler has its own.
 */
export class FullStateChannel implements Channel {
  /** The last accepted state of each alert, by fingerprint. */
  private readonly sent = new Map<string, SentAlert>();
  private readonly controller = new AbortController();
  private inFlight: Promise<void> | undefined;
  /** The end of the pause that the receiver asked for, in milliseconds since the Unix epoch. */
  private pausedUntil = -Infinity;
  private readonly record: DeliveryRecord;

  constructor(
    private readonly handler: AlertStateHandler,
    private readonly options: ResolvedHandlerOptions,
    private readonly intervalMs: number,
    private readonly clock: Clock,
    warn: (message: string) => void,
    private readonly contexts?: AlertContexts,
  ) {
    this.record = new DeliveryRecord(handler.name, warn);
  }

  get status(): ChannelStatus {
    return this.record.status(this.inFlight === undefined ? 0 : 1);
  }

  update(alerts: readonly Alert[], context: EvaluationContext, at: number): void {
    if (this.controller.signal.aborted) return;
    const current = this.current(alerts, context, at);
    const present = new Set(current.map(({ fingerprint }) => fingerprint));
    for (const [fingerprint, { alert }] of this.sent) {
      if (!present.has(fingerprint) && !context.isUncertain(alert)) this.sent.delete(fingerprint);
    }
    // One request at a time: the next one sends the state as it is by then.
    if (this.inFlight !== undefined || at < this.pausedUntil) return;
    const due = current.filter(({ fingerprint, state }) => {
      const last = this.sent.get(fingerprint);
      return last?.alert.state !== state || at - last.at >= this.handler.resendDelayMs;
    });
    if (due.length > 0) this.inFlight = this.send(due, at).finally(() => (this.inFlight = undefined));
  }

  shiftTimes(ms: number): void {
    this.pausedUntil -= ms;
    for (const [fingerprint, { at, alert }] of this.sent) this.sent.set(fingerprint, { at: at - ms, alert });
  }

  async settled(): Promise<void> {
    await this.inFlight;
  }

  async close(): Promise<void> {
    this.controller.abort(new Error('the alert handler was closed'));
    await this.inFlight;
    await this.handler.close?.();
  }

  /**
   * Returns the alerts whose state is to be sent: the firing and the recently resolved ones, and as resolved those that
   * were sent as firing and no longer exist. Alerts of rules that failed to evaluate are left out: their state is
   * unknown.
   */
  private current(alerts: readonly Alert[], { isUncertain }: EvaluationContext, at: number): Alert[] {
    const { sendResolved, accepts } = this.options;
    const current = new Map<string, Alert>();
    for (const alert of alerts) {
      if (isUncertain(alert) || alert.state === 'pending' || !accepts(alert)) continue;
      // A rule that was removed and added again may have a resolved and a firing alert with the same labels.
      if (current.get(alert.fingerprint)?.state !== 'firing') current.set(alert.fingerprint, alert);
    }
    for (const [fingerprint, { alert }] of this.sent) {
      if (current.has(fingerprint) || alert.state !== 'firing' || isUncertain(alert)) continue;
      current.set(fingerprint, { ...alert, state: 'resolved', resolvedAt: at });
    }
    return [...current.values()].filter(({ state }) => state === 'firing' || sendResolved);
  }

  private async send(due: readonly Alert[], at: number): Promise<void> {
    try {
      const alerts = this.contexts === undefined ? due : await this.contexts.addTo(due);
      // A handler that ends at its signal may still have reached one of several receivers.
      await callHandler(async (signal) => this.handler.send(alerts, at, this.intervalMs, signal), {
        timeoutMs: this.options.timeoutMs,
        graceMs: GRACE_MS,
        closed: this.controller.signal,
      });
      for (const alert of due) this.sent.set(alert.fingerprint, { at, alert });
      this.record.recordDelivery();
    } catch (error) {
      if (error instanceof NotificationError) this.pausedUntil = this.clock.now() + (error.retryAfterMs ?? 0);
      this.record.recordFailure(error);
    }
  }
}
