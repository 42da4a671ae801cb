import {
  type ActiveAlert,
  activeAlertsOf,
  type CurrentValues,
  resolveAlert,
  toAlert,
} from './active-alert.js';
import type { Alert, AlertEvent } from '../alert.js';
import type { CompiledRule } from '../rules/compiled-rule.js';
import type { Finding } from '../../query/expression.js';

/** Retention of resolved alerts, so that every handler can be notified. */
export const RESOLVED_RETENTION_MS = 15 * 60_000;

/** The result of an update of the alerts of a rule. */
export interface AlertsUpdate {
  readonly events: AlertEvent[];
  /** The reason why the rule has no alerts, if there are too many. */
  readonly error?: string;
}

/** The alerts of one rule and their state transitions, as in Prometheus: pending, firing, resolved. */
export class AlertStates {
  /** The alerts by label set, recently resolved ones included. */
  readonly active = new Map<string, ActiveAlert>();

  constructor(readonly rule: CompiledRule) {}

  /**
   * Updates the alerts to the result of an evaluation.
   *
   * @returns the state changes; with more alerts than its limit, the rule has none
   * @throws {Error} if two alerts have the same labels
   */
  update(found: readonly Finding[], at: number, values: CurrentValues): AlertsUpdate {
    const current = activeAlertsOf(this.rule, found, at, values);
    const error = this.limitError(current, at);
    if (error !== undefined) {
      const events = this.resolveAll(at, { measuredValue: () => undefined, processCpu: () => undefined });
      this.active.clear();
      return { events, error };
    }
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
    for (const [key, alert] of this.active) {
      if (!current.has(key)) {
        if (this.isHeld(alert, at)) continue;
        if (alert.state === 'pending') {
          this.active.delete(key);
          events.push(this.event('cleared', alert, at));
        } else if (alert.state === 'firing') {
          resolveAlert(this.rule, alert, at, values);
          events.push(this.event('resolved', alert, at));
        } else if (at - (alert.resolvedAt ?? at) > RESOLVED_RETENTION_MS) this.active.delete(key);
        continue;
      }
      alert.keepFiringSince = undefined;
      alert.heldUntil = undefined;
      if (alert.state === 'pending' && at - alert.activeAt >= this.rule.forMs) {
        alert.state = 'firing';
        alert.firedAt = at;
        events.push(this.event('firing', alert, at));
      }
    }
    return { events };
  }

  /**
   * Adopts the alerts of the rule that this one replaces.
   *
   * @returns the state changes: a firing alert becomes pending if this rule has a longer `forMs`
   */
  adopt(previous: AlertStates, at: number): AlertEvent[] {
    const events: AlertEvent[] = [];
    for (const [key, alert] of previous.active) {
      if (alert.state === 'firing' && at - alert.activeAt < this.rule.forMs) {
        events.push(this.event('resolved', { ...alert, state: 'resolved', resolvedAt: at }, at));
        alert.state = 'pending';
        alert.firedAt = undefined;
        events.push(this.event('pending', alert, at));
      }
      this.active.set(key, alert);
    }
    return events;
  }

  /** Moves every recorded time into the past, and holds the alerts, after the wall clock was set back. */
  shiftTimes(ms: number, heldUntil: number): void {
    for (const alert of this.active.values()) {
      alert.activeAt -= ms;
      if (alert.firedAt !== undefined) alert.firedAt -= ms;
      if (alert.resolvedAt !== undefined) alert.resolvedAt -= ms;
      if (alert.keepFiringSince !== undefined) alert.keepFiringSince -= ms;
      if (alert.state !== 'resolved') alert.heldUntil = heldUntil;
    }
  }

  /** Resolves every alert of the rule, which is removed. */
  resolveAll(at: number, values: CurrentValues): AlertEvent[] {
    const events: AlertEvent[] = [];
    for (const alert of this.active.values()) {
      if (alert.state === 'resolved') continue;
      const wasFiring = alert.state === 'firing';
      resolveAlert(this.rule, alert, at, values);
      events.push(this.event(wasFiring ? 'resolved' : 'cleared', alert, at));
    }
    return events;
  }

  /** Returns the alerts, recently resolved ones included. */
  all(): Alert[] {
    return [...this.active.values()].map((alert) => toAlert(this.rule, alert));
  }

  /** The state of the most advanced alert. */
  get mostAdvanced(): 'inactive' | 'pending' | 'firing' {
    const states = new Set([...this.active.values()].map(({ state }) => state));
    if (states.has('firing')) return 'firing';
    return states.has('pending') ? 'pending' : 'inactive';
  }

  /** Returns true if an alert that the evaluation did not find keeps its state. */
  private isHeld(alert: ActiveAlert, at: number): boolean {
    if (alert.state === 'resolved') return false;
    if (alert.heldUntil !== undefined && at < alert.heldUntil) return true;
    if (alert.state === 'pending' || this.rule.keepFiringForMs === 0) return false;
    alert.keepFiringSince ??= at;
    return at - alert.keepFiringSince < this.rule.keepFiringForMs;
  }

  /** Returns an error if the rule has more alerts than its limit. */
  private limitError(current: ReadonlyMap<string, ActiveAlert>, at: number): string | undefined {
    let count = current.size;
    for (const [key, alert] of this.active) if (!current.has(key) && this.isHeld(alert, at)) count++;
    const { limit } = this.rule;
    return count > limit ? `it has ${count} alerts, above its limit of ${limit}` : undefined;
  }

  private event(type: AlertEvent['type'], alert: ActiveAlert, timestamp: number): AlertEvent {
    return { type, alert: toAlert(this.rule, alert), timestamp };
  }
}
