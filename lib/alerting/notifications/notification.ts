import { type Alert, annotationsOf } from '../alert.js';

/** A notification: the alerts of one group. */
export interface AlertNotification {
  /** The name of the handler. */
  readonly receiver: string;
  /** `firing` if any of the alerts fires, otherwise `resolved`. */
  readonly status: 'firing' | 'resolved';
  /** The identity of the group. */
  readonly groupKey: string;
  /** The labels by which the group is formed. */
  readonly groupLabels: Readonly<Record<string, string>>;
  /** The labels that all alerts have in common. */
  readonly commonLabels: Readonly<Record<string, string>>;
  /** The annotations that all alerts have in common, with the message as `summary`. */
  readonly commonAnnotations: Readonly<Record<string, string>>;
  readonly alerts: readonly Alert[];
}

/** An alert handler that is called for one alert at a time. The signal is aborted at the time limit. */
export type AlertHandlerFunction = (alert: Alert, signal: AbortSignal) => unknown;

/** An alert handler that is called for a group of alerts, like most of the ready-made ones. */
export interface NotificationHandler {
  /** The default name of the handler. */
  readonly name: string;
  /**
   * Prepares the handler, for example by loading a package. It is called once: before the application serves, or before the
   * first notification of a handler that is added later. After 5 s, the start goes on without waiting.
   *
   * @throws {MonitoringOptionsError} if the handler cannot work, which stops the start; any other error is logged
   */
  open?(): void | Promise<void>;
  /**
   * Delivers a notification.
   *
   * @param signal is aborted at the time limit
   * @throws {Error} if the delivery failed; it is retried, except after a {@link NotificationError} that forbids it
   */
  notify(notification: AlertNotification, signal: AbortSignal): void | Promise<void>;
  /** Releases the resources of the handler when the application ends. */
  close?(): void | Promise<void>;
}

/** An alert handler that receives the state of all alerts repeatedly and notifies people itself, as Alertmanager does. */
export interface AlertStateHandler {
  /** The default name of the handler. */
  readonly name: string;
  /** The interval at which an unchanged alert is sent again, in milliseconds. */
  readonly resendDelayMs: number;
  /** True if resolved alerts are sent, unless the handler options decide otherwise. @default true */
  readonly sendResolved?: boolean;
  /**
   * Prepares the handler, for example by loading a package. It is called once: before the application serves, or before the
   * first notification of a handler that is added later. After 5 s, the start goes on without waiting.
   *
   * @throws {MonitoringOptionsError} if the handler cannot work, which stops the start; any other error is logged
   */
  open?(): void | Promise<void>;
  /**
   * Sends alerts. Rejects if they were not accepted.
   *
   * @param at the time of the evaluation, in milliseconds since the Unix epoch
   * @param intervalMs the interval between evaluations, in milliseconds
   * @param signal is aborted at the time limit; the handler has one more second to return its result
   */
  send(alerts: readonly Alert[], at: number, intervalMs: number, signal: AbortSignal): Promise<void>;
  /** Releases the resources of the handler when the application ends. */
  close?(): void | Promise<void>;
}

/** Any kind of alert handler. */
export type AnyAlertHandler = AlertHandlerFunction | NotificationHandler | AlertStateHandler;

/** An error of a delivery that may forbid a retry or ask for a pause. */
export class NotificationError extends Error {
  override readonly name = 'NotificationError';
  /** The pause that the receiver asked for, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  /** @param mayRetry false if a retry would fail again */
  constructor(
    message: string,
    readonly mayRetry: boolean,
    options?: ErrorOptions & { readonly retryAfterMs?: number | undefined },
  ) {
    super(message, options);
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** Returns a notification of a group of alerts. */
export function notificationOf(
  receiver: string,
  groupKey: string,
  groupLabels: Readonly<Record<string, string>>,
  alerts: readonly Alert[],
): AlertNotification {
  return {
    receiver,
    status: alerts.some(({ state }) => state === 'firing') ? 'firing' : 'resolved',
    groupKey,
    groupLabels,
    commonLabels: commonOf(alerts.map(({ labels }) => labels)),
    commonAnnotations: commonOf(alerts.map((alert) => annotationsOf(alert))),
    alerts,
  };
}

/** Returns the title of a notification for people, such as `[FIRING:2] HighErrorRate`. */
export function titleOf({ status, groupLabels, alerts }: AlertNotification): string {
  const firing = alerts.filter(({ state }) => state === 'firing').length;
  const count = firing > 0 ? `:${firing}` : '';
  return `[${status.toUpperCase()}${count}] ${groupLabels['alertname'] ?? alerts[0]?.rule ?? ''}`;
}

function commonOf(all: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...others] = all;
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) =>
      others.every((other) => Object.hasOwn(other, name) && other[name] === value),
    ),
  );
}
