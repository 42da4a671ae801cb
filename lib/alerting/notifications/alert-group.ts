import type { Alert } from '../alert.js';

/** The notification log of one group of a handler, which survives a restart. */
export interface NotificationLogEntry {
  /** The time of the last delivery, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** Alerts that were delivered as firing and not yet as resolved. Some may be resolved by now. */
  readonly firing: readonly Alert[];
  /** Alerts that fired and were not delivered yet. */
  readonly undelivered: readonly Alert[];
}

/** The alerts of a group that a notification contains. */
export interface GroupAlerts {
  readonly firing: readonly Alert[];
  readonly resolved: readonly Alert[];
}

/** The facts of an evaluation on which notifications depend. */
export interface EvaluationContext {
  /** Returns true if an alert is silenced or inhibited. */
  readonly isSuppressed: (alert: Alert) => boolean;
  /** Returns true if the rule of an alert failed to evaluate, so that the state of the alert is unknown. */
  readonly isUncertain: (alert: Alert) => boolean;
}

/**
 * A group of alerts that a handler is notified of together. The group keeps a log of deliveries beyond the end of the
 * alerts: an alert that was delivered as firing is delivered as resolved, and a first delivery that failed is retried.
 */
export class AlertGroup {
  /** The time of the last delivery attempt, successful or not. */
  lastAttempt: number | undefined;
  isFailing = false;
  /** True while a notification is queued or in flight. */
  isWaiting = false;
  /** Number of calls of the handler that have not ended, even if their time limit is over. */
  pendingCalls = 0;
  /** The content of the next notification. */
  next: GroupAlerts = { firing: [], resolved: [] };
  private deliveredAt: number | undefined;
  /** True if the last evaluation had alerts of this group. */
  private isPresent = false;
  /** Alerts that were delivered as firing, by fingerprint. */
  private readonly delivered = new Map<string, Alert>();
  /** Alerts whose first delivery is due, by fingerprint. */
  private readonly undelivered = new Map<string, Alert>();

  /** @param since the time at which the first alert of the group fired */
  constructor(
    readonly key: string,
    readonly labels: Readonly<Record<string, string>>,
    public since: number,
    private readonly sendResolved: boolean,
  ) {}

  /** The number of alerts that are kept only for their delivery. */
  get backlog(): number {
    return this.undelivered.size + this.resolvedAlerts().length;
  }

  /** True if the group has no alerts and nothing to deliver. */
  get isDisposable(): boolean {
    return (
      !this.isPresent &&
      !this.isWaiting &&
      this.pendingCalls === 0 &&
      this.delivered.size + this.undelivered.size === 0
    );
  }

  /** Updates the group after an evaluation. @param alerts its firing and recently resolved alerts */
  update(alerts: readonly Alert[], { isSuppressed, isUncertain }: EvaluationContext, at: number): void {
    this.isPresent = alerts.length > 0;
    const current = new Map<string, Alert>();
    for (const alert of alerts) {
      // A rule that was removed and added again may have a resolved and a firing alert with the same labels.
      if (current.get(alert.fingerprint)?.state !== 'firing') current.set(alert.fingerprint, alert);
    }
    for (const [fingerprint, alert] of this.delivered) {
      const now = current.get(fingerprint);
      if (now !== undefined) this.delivered.set(fingerprint, now);
      else if (alert.state === 'firing' && !isUncertain(alert)) {
        this.delivered.set(fingerprint, { ...alert, state: 'resolved', resolvedAt: at });
      }
      if (!this.sendResolved && this.delivered.get(fingerprint)?.state === 'resolved')
        this.delivered.delete(fingerprint);
    }
    for (const [fingerprint, alert] of this.undelivered)
      if (isSuppressed(alert)) this.undelivered.delete(fingerprint);
    const firing = [...current.values()].filter((alert) => alert.state === 'firing' && !isSuppressed(alert));
    const missed = [...this.undelivered.values()].filter(
      ({ fingerprint }) => current.get(fingerprint)?.state !== 'firing',
    );
    const resolved = this.resolvedAlerts().filter((alert) => !isSuppressed(alert));
    this.next = { firing: [...firing, ...missed], resolved };
  }

  /** Returns true if there is a change to deliver, or if the repeat interval has passed. */
  isDue(at: number, repeatIntervalMs: number): boolean {
    const { firing, resolved } = this.next;
    if (resolved.length > 0) return true;
    if (firing.length === 0) return false;
    return this.newAlerts().length > 0 || at - (this.deliveredAt ?? -Infinity) >= repeatIntervalMs;
  }

  /** Records the new alerts, so that they are delivered even if they are resolved before. */
  retainNewAlerts(): void {
    for (const alert of this.newAlerts()) this.undelivered.set(alert.fingerprint, alert);
  }

  /** Records the delivery of a notification. */
  recordDelivery({ firing, resolved }: GroupAlerts, at: number): void {
    this.deliveredAt = at;
    for (const { fingerprint } of resolved) this.delivered.delete(fingerprint);
    for (const alert of firing) {
      this.delivered.set(alert.fingerprint, alert);
      this.undelivered.delete(alert.fingerprint);
    }
  }

  /** Evicts the oldest alerts of the backlog. @returns the number of evicted alerts */
  evictBacklog(limit: number): number {
    const evicted = [...this.undelivered.values(), ...this.resolvedAlerts()].slice(0, limit);
    for (const { fingerprint } of evicted) {
      if (!this.undelivered.delete(fingerprint)) this.delivered.delete(fingerprint);
    }
    return evicted.length;
  }

  /** Moves every recorded time into the past, after the wall clock was set back. */
  shiftTimes(ms: number): void {
    this.since -= ms;
    if (this.lastAttempt !== undefined) this.lastAttempt -= ms;
    if (this.deliveredAt !== undefined) this.deliveredAt -= ms;
  }

  /** Returns the notification log of the group, or undefined if it is empty. */
  logEntry(): NotificationLogEntry | undefined {
    const { delivered, undelivered, deliveredAt = this.since } = this;
    if (delivered.size + undelivered.size === 0) return undefined;
    return { at: deliveredAt, firing: [...delivered.values()], undelivered: [...undelivered.values()] };
  }

  /** Restores a notification log. */
  restore({ at, firing, undelivered }: NotificationLogEntry): void {
    if (firing.length > 0) this.deliveredAt = at;
    for (const alert of firing) this.delivered.set(alert.fingerprint, alert);
    for (const alert of undelivered) this.undelivered.set(alert.fingerprint, alert);
  }

  /** Returns the alerts that were delivered as firing and are resolved now. */
  private resolvedAlerts(): Alert[] {
    return [...this.delivered.values()].filter(({ state }) => state === 'resolved');
  }

  /** Returns the firing alerts that were not delivered yet. */
  private newAlerts(): Alert[] {
    return this.next.firing.filter(({ fingerprint }) => !this.delivered.has(fingerprint));
  }
}
