import {
  expectKeys,
  expectOption,
  expectStrings,
  intervalMsOf,
  optionalString,
} from '../../options/option-checks.js';
import { optionOf } from '../../options/option-descriptions.js';
import { type Alert, annotationsOf } from '../alert.js';
import { type AlertStateHandler, NotificationError } from '../notifications/notification.js';
import { httpUrl, postJson } from './http-post.js';
import { unref } from '../../primitives/unref.js';

/** Options of an {@link AlertmanagerHandler}. */
export interface AlertmanagerHandlerOptions {
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
/** Time that the other members of a cluster have once the first one has accepted the alerts, in milliseconds. */
const LATE_MEMBER_MS = 1_000;
const OWNER = 'the options of AlertmanagerHandler';

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

  /** @throws {MonitoringOptionsError} */
  constructor(private readonly options: AlertmanagerHandlerOptions) {
    expectKeys(OWNER, options, ['url', 'headers', 'generatorUrl', 'resendDelayMs']);
    if (options.headers !== undefined) expectStrings(optionOf(OWNER, 'headers'), options.headers);
    optionalString(optionOf(OWNER, 'generatorUrl'), options.generatorUrl);
    const urls = Array.isArray(options.url) ? (options.url as readonly string[]) : [options.url as string];
    expectOption(optionOf(OWNER, 'url'), urls, 'a URL or an array of at least one', urls.length > 0);
    this.urls = urls.map(
      (url) => new URL('api/v2/alerts', `${httpUrl(OWNER, url).href.replace(/\/$/, '')}/`),
    );
    this.resendDelayMs = intervalMsOf(optionOf(OWNER, 'resendDelayMs'), options.resendDelayMs, 60_000);
  }

  /**
   * Sends alerts to every URL at the same time. One success is enough, since the members of a cluster share their
   * alerts: a member without a response is aborted soon after, so that it does not delay the next alerts of the others.
   *
   * @throws {Error} if no Alertmanager accepted all of them
   */
  async send(alerts: readonly Alert[], at: number, intervalMs: number, signal: AbortSignal): Promise<void> {
    const delayMs = Math.max(intervalMs, this.resendDelayMs);
    const bodies: string[] = [];
    for (let i = 0; i < alerts.length; i += BATCH_SIZE) {
      const batch = alerts.slice(i, i + BATCH_SIZE).map((alert) => this.payloadOf(alert, at + 4 * delayMs));
      bodies.push(JSON.stringify(batch));
    }
    const late = new AbortController();
    const either = AbortSignal.any([signal, late.signal]);
    let timer: NodeJS.Timeout | undefined;
    const results = await Promise.allSettled(
      this.urls.map(async (url) => {
        for (const body of bodies) await postJson(url, body, this.options.headers ?? {}, either);
        timer ??= unref(setTimeout(() => late.abort(), Math.min(delayMs, LATE_MEMBER_MS)));
      }),
    );
    clearTimeout(timer);
    const failures = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    if (failures.length < results.length) return;
    // The next attempt is due as soon as one of them may be asked again.
    throw failures.reduce((first, other) => (pauseMsOf(other) < pauseMsOf(first) ? other : first));
  }

  private payloadOf(alert: Alert, until: number): unknown {
    const { labels, firedAt, activeAt, resolvedAt } = alert;
    return {
      labels,
      annotations: annotationsOf(alert),
      startsAt: new Date(firedAt ?? activeAt).toISOString(),
      endsAt: new Date(resolvedAt ?? until).toISOString(),
      generatorURL: this.options.generatorUrl ?? '',
    };
  }
}

/** Returns the pause that the receiver asked for, in milliseconds. */
function pauseMsOf(error: unknown): number {
  return error instanceof NotificationError ? (error.retryAfterMs ?? 0) : 0;
}
