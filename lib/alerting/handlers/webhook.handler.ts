import { createHmac } from 'node:crypto';
import { expectKeys, expectSecret, expectStrings, optionalString } from '../../options/option-checks.js';
import { optionOf } from '../../options/option-descriptions.js';
import { type Alert, annotationsOf } from '../alert.js';
import type { AlertNotification, NotificationHandler } from '../notifications/notification.js';
import { httpUrl, postJson } from './http-post.js';

/** Options of a {@link WebhookAlertHandler}. */
export interface WebhookAlertHandlerOptions {
  /** URL of the receiver. It may be a secret and is never shown. */
  readonly url: string;
  /** Key of the signature by which the receiver verifies the sender. @default no signature */
  readonly secret?: string;
  /** Headers of each request. @default {} */
  readonly headers?: Readonly<Record<string, string>>;
  /** URL of the application, for links. @default '' */
  readonly externalUrl?: string;
}

/** The end time of an alert that still fires, as Alertmanager writes it. */
const NEVER = '0001-01-01T00:00:00Z';

const OWNER = 'the options of WebhookAlertHandler';

/**
 * An alert handler that posts the webhook payload of Alertmanager, version 4. With a secret, the header
 * `x-monitoring-signature` is `sha256=` and the hexadecimal HMAC of `x-monitoring-timestamp`, a dot and the body.
 */
export class WebhookAlertHandler implements NotificationHandler {
  readonly name = 'webhook';
  private readonly url: URL;

  /** @throws {MonitoringOptionsError} */
  constructor(private readonly options: WebhookAlertHandlerOptions) {
    expectKeys(OWNER, options, ['url', 'secret', 'headers', 'externalUrl']);
    const { secret, headers, externalUrl } = options;
    if (secret !== undefined) expectSecret(optionOf(OWNER, 'secret'), secret);
    if (headers !== undefined) expectStrings(optionOf(OWNER, 'headers'), headers);
    optionalString(optionOf(OWNER, 'externalUrl'), externalUrl);
    this.url = httpUrl(OWNER, options.url);
  }

  async notify(notification: AlertNotification, signal: AbortSignal): Promise<void> {
    const { secret, headers = {}, externalUrl = '' } = this.options;
    const body = JSON.stringify(webhookBody(notification, externalUrl));
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = secret && createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
    const signed = signature
      ? { 'x-monitoring-timestamp': timestamp, 'x-monitoring-signature': `sha256=${signature}` }
      : {};
    await postJson(this.url, body, { ...headers, ...signed }, signal);
  }
}

function webhookBody(notification: AlertNotification, externalURL: string): unknown {
  const { receiver, status, groupKey, groupLabels, commonLabels, commonAnnotations, alerts } = notification;
  return {
    version: '4',
    groupKey,
    truncatedAlerts: 0,
    status,
    receiver,
    groupLabels,
    commonLabels,
    commonAnnotations,
    externalURL,
    alerts: alerts.map((alert) => webhookAlert(alert, externalURL)),
  };
}

function webhookAlert(alert: Alert, generatorURL: string): unknown {
  const { state, labels, firedAt, activeAt, resolvedAt, fingerprint } = alert;
  return {
    status: state,
    labels,
    annotations: annotationsOf(alert),
    startsAt: new Date(firedAt ?? activeAt).toISOString(),
    endsAt: resolvedAt === undefined ? NEVER : new Date(resolvedAt).toISOString(),
    generatorURL,
    fingerprint,
  };
}
