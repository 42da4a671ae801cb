import { type Alert, type AlertEvent, fingerprintOf } from './alert.js';
import type { CompiledRule } from './rules/compiled-rule.js';
import type { Finding } from '../query/expression.js';
import { keyOf } from '../query/label-sets.js';
import type { TemplateData } from './rules/template.js';

/** So long an alert is remembered after it has been resolved, so that everybody gets to know. */
export const RESOLVED_RETENTION_MS = 15 * 60_000;

/** An alert between evaluations. */
export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly fingerprint: string;
  /** Those of the series itself. */
  readonly series: Readonly<Record<string, string>>;
  /** Which of the measured expressions of the rule was compared; -1 for none. */
  readonly measured: number;
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

/** Numbers as they are by now. */
export interface Now {
  /** Returns what was compared of an alert: NaN if there is no data, undefined if nothing was compared. */
  readonly compared: (alert: ActiveAlert) => number | undefined;
  /** Returns how many processors the process keeps busy, if that is known. */
  readonly processCpu: () => number | undefined;
}

/** What came of an evaluation. */
export interface RuleUpdate {
  readonly events: AlertEvent[];
  /** Why the rule has no alerts though it found something. */
  readonly problem?: string;
}

/** The alerts of one rule and how it goes from one state to another: as Prometheus does it. */
export class RuleState {
  /** Also those that were resolved lately. */
  readonly active = new Map<string, ActiveAlert>();

  constructor(readonly rule: CompiledRule) {}

  /**
   * Takes in what the rule found.
   *
   * @returns what changed; if there are too many alerts, the rule has none
   * @throws {Error} if two alerts would have the same labels
   */
  update(found: readonly Finding[], at: number, now: Now): RuleUpdate {
    const current = this.alertsOf(found, at, now);
    const problem = this.beyondLimit(current, at);
    if (problem !== undefined) {
      const ended = this.end(at, { compared: () => undefined, processCpu: () => undefined });
      this.active.clear();
      return { events: ended, problem };
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
          this.resolve(alert, at, now);
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
   * Takes over the alerts of the rule that this one replaces.
   *
   * @returns what changed: an alert that has to wait longer than it has does not fire for now
   */
  takeOver(previous: RuleState, at: number): AlertEvent[] {
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
  end(at: number, now: Now): AlertEvent[] {
    const events: AlertEvent[] = [];
    for (const alert of this.active.values()) {
      if (alert.state === 'resolved') continue;
      const wasFiring = alert.state === 'firing';
      this.resolve(alert, at, now);
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

  /** Whether there are too many alerts, and what to say of it. */
  private beyondLimit(current: ReadonlyMap<string, ActiveAlert>, at: number): string | undefined {
    let count = current.size;
    for (const [key, alert] of this.active) if (!current.has(key) && this.isHeld(alert, at)) count++;
    const { limit } = this.rule;
    return count > limit ? `it has ${count} alerts, which are more than its limit of ${limit}` : undefined;
  }

  /** An alert that is over says how it is now. */
  private resolve(alert: ActiveAlert, at: number, now: Now): void {
    alert.state = 'resolved';
    alert.resolvedAt = at;
    const value = now.compared(alert);
    if (value === undefined) return;
    if (Number.isNaN(value)) alert.message = `No data now; before: ${alert.message}`;
    else
      Object.assign(alert, {
        value,
        ...this.texts({ value, labels: alert.series, processCpu: now.processCpu }),
      });
  }

  /** What people are told of an alert. */
  private texts(data: TemplateData): Pick<ActiveAlert, 'message' | 'annotations'> {
    const { message, annotations } = this.rule;
    return {
      message: message.render(data),
      annotations: Object.fromEntries(
        Object.entries(annotations).map(([name, text]) => [name, text.render(data)]),
      ),
    };
  }

  private alertsOf(found: readonly Finding[], at: number, { processCpu }: Now): Map<string, ActiveAlert> {
    const { name, severity, labels: templates, measured } = this.rule;
    const alerts = new Map<string, ActiveAlert>();
    for (const { labels: own, value, of } of found) {
      const data = { value, labels: own, processCpu };
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
        series: own,
        measured: of === undefined ? -1 : measured.indexOf(of),
        state: 'pending',
        value,
        ...this.texts(data),
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
