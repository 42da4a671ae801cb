import type { Alert } from '../alert.js';
import type { AlertStateHandler } from '../notifications/notification.js';
import { httpUrl, postJson } from './http-post.js';

/** Options of an {@link AlertmanagerHandler}. */
export interface AlertmanagerOptions {
  /** Where Alertmanager is, such as `http://alertmanager:9093`; or several of a cluster, which all are told. */
  readonly url: string | readonly string[];
  /** Such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Where people find the application. @default '' */
  readonly generatorUrl?: string;
  /** How often it is told of what still fires, in milliseconds. @default 60_000 */
  readonly resendDelayMs?: number;
}

/** So many alerts are sent in one request. */
const BATCH = 256;

/**
 * Tells Alertmanager of all alerts, as Prometheus does: again and again as long as they fire, each time good for four
 * times as long. It groups, silences and routes, and knows the same alert of several instances as one: leave labels
 * that differ between them out of `defaultLabels`. An alert that is over is not told of any more and expires there,
 * since another instance may not be well yet; if there is one instance only, `sendResolved: true` among the options
 * of the handler says so at once.
 */
export class AlertmanagerHandler implements AlertStateHandler {
  readonly name = 'alertmanager';
  readonly sendResolved = false;
  readonly resendDelayMs: number;
  private readonly urls: readonly URL[];

  /** @throws {Error} if a URL is none */
  constructor(private readonly options: AlertmanagerOptions) {
    const urls = typeof options.url === 'string' ? [options.url] : options.url;
    this.urls = urls.map(
      (url) => new URL('api/v2/alerts', `${httpUrl('Alertmanager', url).href.replace(/\/$/, '')}/`),
    );
    this.resendDelayMs = options.resendDelayMs ?? 60_000;
  }

  /** Tells all of them at a time, each until the signal ends it. @throws {Error} if none of them took all */
  async send(alerts: readonly Alert[], at: number, intervalMs: number, signal: AbortSignal): Promise<void> {
    const goodForMs = 4 * Math.max(intervalMs, this.resendDelayMs);
    const bodies: string[] = [];
    for (let i = 0; i < alerts.length; i += BATCH) {
      const batch = alerts.slice(i, i + BATCH).map((alert) => this.posted(alert, at + goodForMs));
      bodies.push(JSON.stringify(batch));
    }
    const tries = await Promise.allSettled(
      this.urls.map(async (url) => {
        for (const body of bodies) await postJson(url, body, this.options.headers ?? {}, signal);
      }),
    );
    const failed = tries.find((tried) => tried.status === 'rejected');
    // They tell each other: it is enough that one of them knows.
    if (failed !== undefined && tries.every(({ status }) => status === 'rejected')) throw failed.reason;
  }

  private posted(
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
