import type { Alert } from '../alert.js';
import type { AlertNotification, NotificationHandler } from '../notifications/notification.js';
import { httpUrl, postJson } from './http-post.js';

/** Options of a {@link SlackAlertHandler}. */
export interface SlackOptions {
  /** An incoming webhook of Slack, Mattermost or whatever understands the same. It is never shown. */
  readonly url: string;
  /** @default that of the webhook */
  readonly channel?: string;
}

/** More alerts than these are only counted: nobody reads them. */
const SHOWN_ALERTS = 20;
const COLORS = { critical: '#d00000', warning: '#e09000', info: '#2060c0', resolved: '#208040' } as const;

/** Posts alerts to a chat that takes the messages of Slack. */
export class SlackAlertHandler implements NotificationHandler {
  readonly name = 'slack';
  private readonly url: URL;

  /** @throws {Error} if the URL is none */
  constructor(private readonly options: SlackOptions) {
    this.url = httpUrl('the Slack webhook', options.url);
  }

  async notify({ status, groupLabels, alerts }: AlertNotification, signal: AbortSignal): Promise<void> {
    const { channel } = this.options;
    const count = alerts.filter(({ state }) => state === 'firing').length;
    const title = groupLabels['alertname'] ?? alerts[0]?.rule ?? '';
    const left = alerts.length - SHOWN_ALERTS;
    const body = {
      ...(channel !== undefined && { channel }),
      text: escaped(`[${status.toUpperCase()}${count > 0 ? `:${count}` : ''}] ${title}`),
      attachments: [
        ...alerts.slice(0, SHOWN_ALERTS).map(attachmentOf),
        ...(left > 0 ? [{ fallback: `${left} more`, text: `and ${left} more` }] : []),
      ],
    };
    await postJson(this.url, JSON.stringify(body), {}, signal);
  }
}

function attachmentOf({ state, severity, message, labels, firedAt, activeAt }: Alert): unknown {
  const text = escaped(message);
  return {
    fallback: text,
    color: COLORS[state === 'resolved' ? 'resolved' : severity],
    text,
    footer: escaped(
      Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
    ),
    ts: Math.floor((firedAt ?? activeAt) / 1000),
  };
}

/** What Slack takes for markup in a text. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
