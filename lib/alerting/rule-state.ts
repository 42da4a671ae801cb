import type { Reading } from '../history/readings.js';
import { type Alert, type AlertEvent, fingerprintOf } from './alert.js';
import type { CompiledRule } from './rules/compiled-rule.js';
import { keyOf } from './rules/expression.js';

/** So long an alert is remembered after it has been resolved, so that everybody gets to know. */
export const RESOLVED_RETENTION_MS = 15 * 60_000;

/** An alert between evaluations. */
export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly fingerprint: string;
  state: 'pending' | 'firing' | 'resolved';
  value: number;
  message: string;
  annotations: Readonly<Record<string, string>>;
  activeAt: number;
  firedAt?: number | undefined;
  resolvedAt?: number | undefined;
  keepFiringSince?: number | undefined;
  /** For one from before a restart: until when it is kept though nothing is known of it. */
  heldUntil?: number | undefined;
}

/** The alerts of one rule and how it goes from one state to another: as Prometheus does it. */
export class RuleState {
  /** Also those that were resolved lately. */
  readonly active = new Map<string, ActiveAlert>();

  constructor(readonly rule: CompiledRule) {}

  /**
   * Takes in what the rule found.
   *
   * @returns what changed
   * @throws {Error} if two alerts would have the same labels, or there are too many of them
   */
  update(found: readonly Reading[], at: number): AlertEvent[] {
    const current = this.alertsOf(found, at);
    const events: AlertEvent[] = [];
    for (const [key, alert] of current) {
      const known = this.active.get(key);
      if (known !== undefined && known.state !== 'resolved') {
        known.value = alert.value;
        known.message = alert.message;
        known.annotations = alert.annotations;
      } else {
        this.active.set(key, alert);
        if (this.rule.forMs > 0) events.push(this.event('pending', alert, at));
      }
    }
    let count = 0;
    for (const [key, alert] of this.active) {
      if (!current.has(key)) {
        if (this.isHeld(alert, at)) count++;
        else if (alert.state === 'pending') {
          this.active.delete(key);
          events.push(this.event('cleared', alert, at));
        } else if (alert.state === 'firing') {
          alert.state = 'resolved';
          alert.resolvedAt = at;
          events.push(this.event('resolved', alert, at));
        } else if (at - (alert.resolvedAt ?? at) > RESOLVED_RETENTION_MS) this.active.delete(key);
        continue;
      }
      alert.keepFiringSince = undefined;
      alert.heldUntil = undefined;
      count++;
      if (alert.state === 'pending' && at - alert.activeAt >= this.rule.forMs) {
        alert.state = 'firing';
        alert.firedAt = at;
        events.push(this.event('firing', alert, at));
      }
    }
    if (count > this.rule.limit) {
      this.active.clear();
      throw new Error(`it has ${count} alerts, which are more than its limit of ${this.rule.limit}`);
    }
    return events;
  }

  /** Takes over the alerts of the rule that this one replaces. */
  takeOver(previous: RuleState, at: number): void {
    for (const [key, alert] of previous.active) {
      if (alert.state === 'firing' && at - alert.activeAt < this.rule.forMs) {
        alert.state = 'pending';
        alert.firedAt = undefined;
      }
      this.active.set(key, alert);
    }
  }

  /** Moves every time that was noted into the past, and keeps the alerts for now: the clock was set back. */
  setBack(ms: number, heldUntil: number): void {
    for (const alert of this.active.values()) {
      alert.activeAt -= ms;
      if (alert.firedAt !== undefined) alert.firedAt -= ms;
      if (alert.resolvedAt !== undefined) alert.resolvedAt -= ms;
      if (alert.keepFiringSince !== undefined) alert.keepFiringSince -= ms;
      if (alert.state !== 'resolved') alert.heldUntil = heldUntil;
    }
  }

  /** Ends every alert: the rule is no more. */
  end(at: number): AlertEvent[] {
    const events: AlertEvent[] = [];
    for (const alert of this.active.values()) {
      if (alert.state === 'resolved') continue;
      const wasFiring = alert.state === 'firing';
      alert.state = 'resolved';
      alert.resolvedAt = at;
      events.push(this.event(wasFiring ? 'resolved' : 'cleared', alert, at));
    }
    return events;
  }

  /** The alerts as they stand; of those that are resolved only the ones that fired. */
  alerts(): Alert[] {
    return [...this.active.values()].map((alert) => this.shown(alert));
  }

  get state(): 'inactive' | 'pending' | 'firing' {
    const states = new Set([...this.active.values()].map(({ state }) => state));
    if (states.has('firing')) return 'firing';
    return states.has('pending') ? 'pending' : 'inactive';
  }

  /** Whether an alert that was not found stays as it is for now. */
  private isHeld(alert: ActiveAlert, at: number): boolean {
    if (alert.state === 'resolved') return false;
    if (alert.heldUntil !== undefined && at < alert.heldUntil) return true;
    if (alert.state === 'pending' || this.rule.keepFiringForMs === 0) return false;
    alert.keepFiringSince ??= at;
    return at - alert.keepFiringSince < this.rule.keepFiringForMs;
  }

  private alertsOf(found: readonly Reading[], at: number): Map<string, ActiveAlert> {
    const { name, severity, labels: templates, annotations, message } = this.rule;
    const alerts = new Map<string, ActiveAlert>();
    for (const { labels: own, value } of found) {
      const data = { value, labels: own };
      const labels = withoutEmpty({
        ...own,
        severity,
        ...Object.fromEntries(Object.entries(templates).map(([label, text]) => [label, text.render(data)])),
        alertname: name,
      });
      const key = keyOf(labels);
      if (alerts.has(key)) throw new Error(`it has two alerts with the same labels, ${key}`);
      alerts.set(key, {
        labels,
        fingerprint: fingerprintOf(labels),
        state: 'pending',
        value,
        message: message.render(data),
        annotations: Object.fromEntries(
          Object.entries(annotations).map(([annotation, text]) => [annotation, text.render(data)]),
        ),
        activeAt: at,
      });
    }
    return alerts;
  }

  private event(type: AlertEvent['type'], alert: ActiveAlert, timestamp: number): AlertEvent {
    return { type, alert: this.shown(alert), timestamp };
  }

  private shown(alert: ActiveAlert): Alert {
    const { labels, fingerprint, state, value, message, annotations, activeAt, firedAt, resolvedAt } = alert;
    return {
      rule: this.rule.name,
      severity: this.rule.severity,
      message,
      state,
      value,
      labels,
      annotations,
      fingerprint,
      activeAt,
      ...(firedAt !== undefined && { firedAt }),
      ...(resolvedAt !== undefined && { resolvedAt }),
    };
  }
}

function withoutEmpty(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}
