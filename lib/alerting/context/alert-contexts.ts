import type { Guard } from '../../primitives/guard.js';
import { resultWithin } from '../../primitives/deadline.js';
import type { Alert } from '../alert.js';
import type { AlertContext } from './alert-context.js';
import type { AlertProfiles } from './alert-profiles.js';

/** Longest wait of a notification for the context of its alerts, in milliseconds. */
const TIMEOUT_MS = 200;
/** Number of alerts whose context is read for one notification. */
const MAX_READ = 10;
/** Upper limit for kept contexts. */
const MAX_KEPT = 1_000;

/** The contexts of firing alerts, each read once for each episode, before its first notification. */
export class AlertContexts {
  private readonly kept = new Map<string, KeptContext>();

  /** @param read reads the context of a firing alert in slices, and hands over what it has of it meanwhile */
  constructor(
    private readonly read: (alert: Alert, onContext: (context: AlertContext) => void) => Promise<void>,
    private readonly guard: Guard,
    private readonly profiles?: AlertProfiles,
  ) {}

  /** Returns the context of an alert, as far as it was read. */
  of(alert: Alert): AlertContext | undefined {
    const kept = this.kept.get(alert.fingerprint);
    if (kept?.context === undefined || kept.firedAt !== alert.firedAt) return undefined;
    const profiles = this.profiles?.of(alert) ?? [];
    return profiles.length === 0 ? kept.context : { ...kept.context, profiles };
  }

  /** Adds the contexts of alerts, as far as they are there within 200 ms. Never rejects. */
  async addTo(alerts: readonly Alert[]): Promise<Alert[]> {
    const unread = alerts.filter(({ state, fingerprint, firedAt }) => {
      return state === 'firing' && this.kept.get(fingerprint)?.firedAt !== firedAt;
    });
    const reading = unread.slice(0, MAX_READ).map((alert) => this.keep(alert));
    // Another channel may be reading some of them already.
    for (const alert of alerts) {
      reading.push(this.kept.get(alert.fingerprint)?.reading ?? Promise.resolve());
      if (this.profiles) reading.push(this.profiles.begun(alert));
    }
    await resultWithin(Promise.all(reading), TIMEOUT_MS, { background: true });
    return alerts.map((alert) => {
      const context = this.of(alert);
      return context === undefined ? alert : { ...alert, context };
    });
  }

  private keep(alert: Alert): Promise<void> {
    const kept: KeptContext = { firedAt: alert.firedAt, context: undefined, reading: undefined };
    kept.reading = this.readInto(kept, alert);
    this.kept.delete(alert.fingerprint);
    this.kept.set(alert.fingerprint, kept);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= MAX_KEPT) break;
      this.kept.delete(oldest);
    }
    return kept.reading;
  }

  private async readInto(kept: KeptContext, alert: Alert): Promise<void> {
    try {
      await this.read(alert, (context) => {
        kept.context = context;
      });
    } catch (error) {
      this.guard.report(error);
    } finally {
      kept.reading = undefined;
    }
  }
}

interface KeptContext {
  readonly firedAt: number | undefined;
  context: AlertContext | undefined;
  reading: Promise<void> | undefined;
}
