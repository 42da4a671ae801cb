import { expectKeys, optionalString } from '../../options/option-checks.js';
import { optionOf } from '../../options/option-descriptions.js';
import { type Alert, messageWithCause } from '../alert.js';
import { type AlertNotification, type NotificationHandler, titleOf } from '../notifications/notification.js';
import { httpUrl, postJson } from './http-post.js';

/** Options of a {@link SlackAlertHandler}. */
export interface SlackAlertHandlerOptions {
  /** URL of an incoming webhook of Slack, Mattermost or a compatible service. It is a secret and never shown. */
  readonly url: string;
  /** Channel to post to. @default the channel of the webhook */
  readonly channel?: string;
}

/** Maximum number of alerts in one message; further ones are only counted. */
const MAX_SHOWN_ALERTS = 20;
const COLORS = { critical: '#d00000', warning: '#e09000', info: '#2060c0', resolved: '#208040' } as const;

const OWNER = 'the options of SlackAlertHandler';

/** An alert handler that posts to Slack or a compatible chat service. */
export class SlackAlertHandler implements NotificationHandler {
  readonly name = 'slack';
  private readonly url: URL;

  /** @throws {MonitoringOptionsError} */
  constructor(private readonly options: SlackAlertHandlerOptions) {
    expectKeys(OWNER, options, ['url', 'channel']);
    optionalString(optionOf(OWNER, 'channel'), options.channel);
    this.url = httpUrl(OWNER, options.url);
  }

  async notify(notification: AlertNotification, signal: AbortSignal): Promise<void> {
    const { channel } = this.options;
    const { alerts } = notification;
    const hidden = alerts.length - MAX_SHOWN_ALERTS;
    const body = {
      ...(channel !== undefined && { channel }),
      text: escapeMarkup(titleOf(notification)),
      attachments: [
        ...alerts.slice(0, MAX_SHOWN_ALERTS).map(attachmentOf),
        ...(hidden > 0 ? [{ fallback: `${hidden} more`, text: `and ${hidden} more` }] : []),
      ],
    };
    await postJson(this.url, JSON.stringify(body), {}, signal);
  }
}

function attachmentOf(alert: Alert): unknown {
  const { state, severity, labels, firedAt, activeAt } = alert;
  const text = escapeMarkup(messageWithCause(alert));
  return {
    fallback: text,
    color: COLORS[state === 'resolved' ? 'resolved' : severity],
    text,
    footer: escapeMarkup(
      Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
    ),
    ts: Math.floor((firedAt ?? activeAt) / 1000),
  };
}

/** Escapes the characters that Slack reads as markup. */
function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
