import { createHash } from 'node:crypto';
import type { Severity } from './rules/alert-rule.js';
import { keyOf } from '../query/label-sets.js';

/** How far an alert is; the states of Prometheus, and `resolved` for a while after it. */
export type AlertState = 'pending' | 'firing' | 'resolved';

/** Something that a rule is true of, or was lately. */
export interface Alert {
  /** The name of the rule. */
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly state: AlertState;
  /** What was last compared with the threshold. */
  readonly value: number;
  /** What it is known by: those of the series and of the rule, with `alertname` and `severity`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The same for the same labels. */
  readonly fingerprint: string;
  /** Since when the rule is true of it, in milliseconds since the Unix epoch. */
  readonly activeAt: number;
  /** When it began to fire. */
  readonly firedAt?: number;
  /** When it ceased to. */
  readonly resolvedAt?: number;
}

/** Whether handlers are told of an alert: in the words of Alertmanager. */
export interface AlertStatus {
  /** `suppressed` if there is a silence or another alert that keeps it quiet. */
  readonly state: 'active' | 'suppressed';
  /** The ids of silences. */
  readonly silencedBy: readonly string[];
  /** The fingerprints of alerts that say enough. */
  readonly inhibitedBy: readonly string[];
}

/** What became of an alert in an evaluation; `cleared` is one that was pending and never fired. */
export interface AlertEvent {
  readonly type: 'pending' | 'firing' | 'resolved' | 'cleared';
  readonly alert: Alert;
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number;
}

/** A short text that is the same for the same labels. */
export function fingerprintOf(labels: Readonly<Record<string, string>>): string {
  return createHash('sha256').update(keyOf(labels)).digest('hex').slice(0, 16);
}
