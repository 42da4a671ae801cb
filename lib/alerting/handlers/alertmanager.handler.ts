import type { Alert } from '../alert.js';
import type { AlertStateHandler } from '../notifications/notification.js';
import { httpUrl, postJson } from './http-post.js';

/** Options of an {@link AlertmanagerHandler}. */
export interface AlertmanagerOptions {
  /** Base URL of Alertmanager, such as `http://alertmanager:9093`, or the URLs of every member of a cluster. */
  readonly url: string | readonly string[];
  /** Headers of each request, such as `authorization`. @default {} */
  readonly headers?: Readonly<Record<string, string>>;
  /** URL of the application, which Alertmanager links to as `generatorURL`. @default '' */
  readonly generatorUrl?: string;
  /** Interval at which firing alerts are sent again, in milliseconds. @default 60_000 */
  readonly resendDelayMs?: number;
}

/** Maximum number of alerts in one request. */
const BATCH_SIZE = 256;

/**
 * An alert handler that sends all alerts to Alertmanager, which groups, silences and routes them. As in Prometheus,
 * firing alerts are sent again at each resend interval and expire after four intervals.
 *
 * Alertmanager deduplicates the alerts of several instances by their labels: leave labels that differ between
 * instances out of `defaultLabels`. A resolved alert is not sent and expires, since it may still fire on another
 * instance. With a single instance, set the handler option `sendResolved: true` to resolve it at once.
 */
export class AlertmanagerHandler implements AlertStateHandler {
  readonly name = 'alertmanager';
  readonly sendResolved = false;
  readonly resendDelayMs: number;
  private readonly urls: readonly URL[];

  /** @throws {Error} if a URL is not an http or https URL */
  constructor(private readonly options: AlertmanagerOptions) {
    const urls = typeof options.url === 'string' ? [options.url] : options.url;
    this.urls = urls.map(
      (url) => new URL('api/v2/alerts', `${httpUrl('Alertmanager', url).href.replace(/\/$/, '')}/`),
    );
    this.resendDelayMs = options.resendDelayMs ?? 60_000;
  }

  /**
   * Sends alerts to every URL at the same time.
   *
   * @throws {Error} if no Alertmanager accepted all of them
   */
  async send(alerts: readonly Alert[], at: number, intervalMs: number, signal: AbortSignal): Promise<void> {
    const expiryMs = 4 * Math.max(intervalMs, this.resendDelayMs);
    const bodies: string[] = [];
    for (let i = 0; i < alerts.length; i += BATCH_SIZE) {
      const batch = alerts.slice(i, i + BATCH_SIZE).map((alert) => this.payloadOf(alert, at + expiryMs));
      bodies.push(JSON.stringify(batch));
    }
    const results = await Promise.allSettled(
      this.urls.map(async (url) => {
        for (const body of bodies) await postJson(url, body, this.options.headers ?? {}, signal);
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    // The members of a cluster share their alerts: one success is enough.
    if (failed !== undefined && results.every(({ status }) => status === 'rejected')) throw failed.reason;
  }

  private payloadOf(
    { labels, annotations, message, firedAt, activeAt, resolvedAt }: Alert,
    until: number,
  ): unknown {
    return {
      labels,
      annotations: { summary: message, ...annotations },
      startsAt: new Date(firedAt ?? activeAt).toISOString(),
      endsAt: new Date(resolvedAt ?? until).toISOString(),
      generatorURL: this.options.generatorUrl ?? '',
    };
  }
}
