import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadClient } from './client.js';
import type { LoadOptions } from './options.js';
import { runLoad } from './run.js';
import type { Statistics } from './statistics.js';

/** The rule of the sample application that has to notice. */
const RULE = 'route_fails';
const CALM_S = 8;
const CROWD = 60;
const LONGEST_INCIDENT_S = 60;
const LONGEST_RECOVERY_S = 120;
const POLL_MS = 500;

interface ShownAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

/**
 * The usual load; then everybody wants the revenue report, more than the exchange rates can bear, until an alert
 * fires; then the usual load until it is over.
 *
 * @throws {Error} if no alert fires, or it does not end
 */
export async function runIncident(
  options: LoadOptions,
  statistics: Statistics,
  say: (line: string) => void,
): Promise<void> {
  const watch = new AlertWatch(options.url, say);
  say('All is calm.');
  await runLoad({ ...options, requests: undefined, seconds: CALM_S }, statistics);
  say(`Everybody wants the revenue report: ${CROWD} clients at once.`);
  const crowd = { ...options, requests: undefined, concurrency: CROWD, seconds: LONGEST_INCIDENT_S };
  const fired = await during(
    (signal) => runLoad(crowd, statistics, { flow: () => wantRevenue, signal }),
    (signal) => watch.until((alerts) => alerts.some(isFiring), signal),
  );
  if (!fired) throw new Error(`the alert ${RULE} did not fire within ${LONGEST_INCIDENT_S} s`);
  say('They have enough.');
  const over = await during(
    (signal) =>
      runLoad({ ...options, requests: undefined, seconds: LONGEST_RECOVERY_S }, statistics, { signal }),
    (signal) => watch.until((alerts) => !alerts.some(isFiring), signal),
  );
  if (!over) throw new Error(`the alert ${RULE} was not resolved within ${LONGEST_RECOVERY_S} s`);
  say('The incident is over.');
}

function isFiring({ labels, state }: ShownAlert): boolean {
  return labels['alertname'] === RULE && state === 'firing';
}

async function wantRevenue(client: LoadClient): Promise<void> {
  const { statusCode } = await client.get('/api/reports/revenue');
  // Whoever is turned away tries again a little later.
  if (statusCode !== 200) await sleep(300);
}

/** Loads until something is seen. @returns whether it was, before the load was over */
async function during(
  load: (signal: AbortSignal) => Promise<void>,
  see: (signal: AbortSignal) => Promise<boolean>,
): Promise<boolean> {
  const controller = new AbortController();
  const loading = load(controller.signal).finally(() => controller.abort());
  const seen = await see(controller.signal).finally(() => controller.abort());
  await loading;
  return seen;
}

/** Looks at the alerts of the application, and says what became of them. */
class AlertWatch {
  private known = new Map<string, string>();
  private readonly explained = new Set<string>();

  constructor(
    private readonly url: URL,
    private readonly say: (line: string) => void,
  ) {}

  /** @returns false if the signal came first */
  async until(isSeen: (alerts: readonly ShownAlert[]) => boolean, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      const alerts = await this.look();
      if (isSeen(alerts)) return true;
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
    return false;
  }

  private async look(): Promise<readonly ShownAlert[]> {
    const response = await fetch(new URL('/monitoring/api/v1/alerts', this.url), {
      signal: AbortSignal.timeout(10_000),
    });
    const { data } = (await response.json()) as { data: { alerts: readonly ShownAlert[] } };
    const now = new Map(
      data.alerts.map(({ labels, state, annotations }) => [
        `${labels['alertname']} ${labels['route'] ?? ''}`.trim(),
        `${state}: ${annotations['summary']}`,
      ]),
    );
    for (const [alert, what] of now) {
      const state = what.slice(0, what.indexOf(':'));
      if (!this.known.get(alert)?.startsWith(state)) this.say(`Alert ${alert} is ${what}`);
    }
    for (const { labels, annotations } of data.alerts) {
      const { cause } = annotations;
      // It is there once the handlers of the alert have been told.
      if (labels['alertname'] !== RULE || cause === undefined || this.explained.has(cause)) continue;
      this.explained.add(cause);
      this.say(`The cause: ${cause}`);
    }
    for (const alert of this.known.keys()) if (!now.has(alert)) this.say(`Alert ${alert} is over`);
    this.known = now;
    return data.alerts;
  }
}
