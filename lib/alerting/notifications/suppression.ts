import type { Alert, AlertStatus } from '../alert.js';
import { inhibition, type InhibitRule } from './inhibition.js';
import { Silences } from './silences.js';

/** The suppression of alerts, by silences and by other alerts. Handlers are not notified of a suppressed alert. */
export class Suppression {
  readonly silences = new Silences();
  /** Returns the alerts that inhibit an alert, as of the last evaluation. */
  private inhibitorsOf = inhibition([], []);

  constructor(private readonly inhibitRules: readonly InhibitRule[]) {}

  /** Updates the inhibitions after an evaluation. */
  update(alerts: readonly Alert[]): void {
    this.inhibitorsOf = inhibition(this.inhibitRules, alerts);
  }

  /** Returns true if an alert is silenced or inhibited. */
  isSuppressed(alert: Pick<Alert, 'labels'>, at: number): boolean {
    return this.silences.of(alert.labels, at).length > 0 || this.inhibitorsOf(alert).length > 0;
  }

  /** Returns the notification status of an alert. */
  statusOf(alert: Pick<Alert, 'labels'>, at: number): AlertStatus {
    const silencedBy = this.silences.of(alert.labels, at).map(({ id }) => id);
    const inhibitedBy = this.inhibitorsOf(alert).map(({ fingerprint }) => fingerprint);
    const isSuppressed = silencedBy.length + inhibitedBy.length > 0;
    return { state: isSuppressed ? 'suppressed' : 'active', silencedBy, inhibitedBy };
  }
}
