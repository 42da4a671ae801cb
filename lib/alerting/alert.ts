import { createHash } from 'node:crypto';
import type { AlertContext } from './context/alert-context.js';
import type { Severity } from './rules/alert-rule.js';
import { keyOf } from '../query/label-sets.js';

/** The state of an alert: those of Prometheus, and `resolved` for 15 minutes afterwards. */
export type AlertState = 'pending' | 'firing' | 'resolved';

/** An alert: one label set for which the condition of a rule holds, or held until recently. */
export interface Alert {
  /** The name of the rule. */
  readonly rule: string;
  readonly severity: Severity;
  /** The rendered message of the rule. */
  readonly message: string;
  readonly state: AlertState;
  /** The number that was last compared with the threshold. */
  readonly value: number;
  /** The identity of the alert: the labels of the series and of the rule, with `alertname` and `severity`. */
  readonly labels: Readonly<Record<string, string>>;
  /** The rendered annotations of the rule. */
  readonly annotations: Readonly<Record<string, string>>;
  /** A hash of the labels. */
  readonly fingerprint: string;
  /** The time since which the condition holds, in milliseconds since the Unix epoch. */
  readonly activeAt: number;
  /** The time at which the alert began to fire, in milliseconds since the Unix epoch. */
  readonly firedAt?: number;
  /** The time at which the alert was resolved, in milliseconds since the Unix epoch. */
  readonly resolvedAt?: number;
  /** Causes, worst labels and changes at the time of the first notification; handlers receive them if they are there. */
  readonly context?: AlertContext;
}

/** The notification status of an alert, in the terms of Alertmanager. */
export interface AlertStatus {
  /** `suppressed` if the alert is silenced or inhibited: handlers are not notified of it. */
  readonly state: 'active' | 'suppressed';
  /** The ids of the silences that match the alert. */
  readonly silencedBy: readonly string[];
  /** The fingerprints of the alerts that inhibit the alert. */
  readonly inhibitedBy: readonly string[];
}

/** A state change of an alert. `cleared` means that the alert was pending and never fired. */
export interface AlertEvent {
  readonly type: 'pending' | 'firing' | 'resolved' | 'cleared';
  /** The alert after the change. */
  readonly alert: Alert;
  /** The time of the evaluation, in milliseconds since the Unix epoch. */
  readonly timestamp: number;
}

/** Returns the annotations of an alert, with its message as `summary` and its cause as `cause` unless the rule sets them. */
export function annotationsOf(alert: Alert, context = alert.context): Readonly<Record<string, string>> {
  const { annotations, message } = alert;
  return { summary: message, ...(context && { cause: context.summary }), ...annotations };
}

/** Returns the message of an alert and its cause, which is on a line of its own by default. */
export function messageWithCause({ message, context, state }: Alert, separator = '\n'): string {
  return context === undefined || state === 'resolved' ? message : `${message}${separator}${context.summary}`;
}

/** Returns a short hash of a label set. */
export function fingerprintOf(labels: Readonly<Record<string, string>>): string {
  return createHash('sha256').update(keyOf(labels)).digest('hex').slice(0, 16);
}
