import type { Alert } from '../alert.js';

/** Alerts that are told of together. */
export interface AlertNotification {
  /** The name of the handler. */
  readonly receiver: string;
  /** `resolved` if none of them fires any more. */
  readonly status: 'firing' | 'resolved';
  /** The same for the same group. */
  readonly groupKey: string;
  readonly groupLabels: Readonly<Record<string, string>>;
  /** What all of them have. */
  readonly commonLabels: Readonly<Record<string, string>>;
  readonly commonAnnotations: Readonly<Record<string, string>>;
  readonly alerts: readonly Alert[];
}

/** Told of one alert at a time. */
export type AlertHandlerFunction = (alert: Alert, signal: AbortSignal) => unknown;

/** Told of alerts in groups; the ready-made handlers are such. */
export interface NotificationHandler {
  readonly name: string;
  /** @throws {Error} if it could not tell; it is tried again unless that is a {@link NotificationError} that says no */
  notify(notification: AlertNotification, signal: AbortSignal): void | Promise<void>;
  /** Lets go of what it holds, when the application ends. */
  close?(): void | Promise<void>;
}

/** Told of all alerts again and again, since it decides itself whom to tell and when: Alertmanager is such. */
export interface AlertStateHandler {
  readonly name: string;
  /** How often it wants to hear of an alert that has not changed, in milliseconds. */
  readonly resendDelayMs: number;
  /** Whether it is told of ends, unless its options say otherwise. @default true */
  readonly sendResolved?: boolean;
  /**
   * Tells of these alerts; rejects if they were not taken.
   *
   * @param at when they were so, in milliseconds since the Unix epoch
   * @param intervalMs how often rules are evaluated
   * @param signal is aborted when the time is over; it then has a second to say what became of it
   */
  send(alerts: readonly Alert[], at: number, intervalMs: number, signal: AbortSignal): Promise<void>;
  /** Lets go of what it holds, when the application ends. */
  close?(): void | Promise<void>;
}

export type AnyAlertHandler = AlertHandlerFunction | NotificationHandler | AlertStateHandler;

/** Why somebody could not be told, and whether to try again. */
export class NotificationError extends Error {
  override readonly name = 'NotificationError';
  /** The pause that the receiver asked for, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    readonly mayRetry: boolean,
    options?: ErrorOptions & { readonly retryAfterMs?: number | undefined },
  ) {
    super(message, options);
    this.retryAfterMs = options?.retryAfterMs;
  }
}

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
    commonAnnotations: commonOf(
      alerts.map(({ annotations, message }) => ({ summary: message, ...annotations })),
    ),
    alerts,
  };
}

function commonOf(all: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...others] = all;
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) =>
      others.every((other) => Object.hasOwn(other, name) && other[name] === value),
    ),
  );
}
