import { setTimeout as sleep } from 'node:timers/promises';
import { type IncidentName, INCIDENTS } from './incidents.js';
import type { LoadOptions } from './options.js';
import { runLoad } from './run.js';
import type { Statistics } from './statistics.js';

const CALM_S = 8;
const LONGEST_INCIDENT_S = 120;
const LONGEST_RECOVERY_S = 120;
const POLL_MS = 500;
/** Longer than an answer takes while the event loop is blocked again and again. */
const ANSWER_MS = 60_000;

interface ShownAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

/** A listener to the progress of an incident. */
export interface IncidentListener {
  say(line: string): void;
  /** @param seconds how long it takes at most */
  phase(title: string, seconds: number): void;
}

/**
 * The usual load; then what the incident is, until an alert fires; then, if it is wanted, the usual load until it is over.
 *
 * @throws {Error} if the alerts cannot be read, no alert fires, or it does not end
 */
export async function runIncident(
  name: IncidentName,
  given: LoadOptions,
  statistics: Statistics,
  listener: IncidentListener,
): Promise<void> {
  const { story, rule, route, clients, flow, page, metrics } = INCIDENTS[name];
  const options = { ...given, requests: undefined };
  const isOfIncident = ({ labels }: ShownAlert): boolean =>
    labels['alertname'] === rule && labels['route'] === route;
  const isFiring = (alert: ShownAlert): boolean => alert.state === 'firing' && isOfIncident(alert);
  const watch = new AlertWatch(options, isOfIncident, (line) => listener.say(line));
  listener.phase('until it shows its alerts', ANSWER_MS / 1000);
  await watch.look();

  listener.phase('all is calm', CALM_S);
  await runLoad({ ...options, seconds: CALM_S }, statistics);

  listener.phase(`until the alert ${rule} fires`, LONGEST_INCIDENT_S);
  listener.say(story);
  const dashboard = new URL('/metrics-dashboard', options.monitoringUrl).href;
  const metricsUrl = new URL('/metrics', options.monitoringUrl).href;
  const header = options.token === undefined ? '' : '-H "authorization: Bearer $MONITORING_TOKEN" ';
  listener.say(`Look at ${dashboard}, what is wrong now, then at ${dashboard}#/${page}, and at the metrics:`);
  for (const metric of metrics) {
    listener.say(`  curl -s ${header}${metricsUrl} | grep ^${metric}`);
  }
  const crowd = { ...options, concurrency: clients, seconds: LONGEST_INCIDENT_S };
  const fired = await during(
    (signal) => runLoad(crowd, statistics, { flow: () => flow, signal }),
    (signal) => watch.until((alerts) => alerts.some(isFiring), signal),
  );
  if (!fired) throw new Error(`the alert ${rule} did not fire within ${LONGEST_INCIDENT_S} s`);

  if (options.untilAlert) return;

  listener.phase('until it is over', LONGEST_RECOVERY_S);
  listener.say('They have enough.');
  const over = await during(
    (signal) => runLoad({ ...options, seconds: LONGEST_RECOVERY_S }, statistics, { signal }),
    (signal) => watch.until((alerts) => !alerts.some(isFiring), signal),
  );
  if (!over) {
    throw new Error(
      `the alert ${rule} was not resolved within ${LONGEST_RECOVERY_S} s. It goes on as long as its condition holds, also because of other work on this machine: see ${dashboard}, and try again when it is idle.`,
    );
  }
  listener.say('The incident is over.');
}

/** Loads until something is seen. @returns whether it was, before the load was over */
async function during(
  load: (signal: AbortSignal) => Promise<void>,
  see: (signal: AbortSignal) => Promise<boolean>,
): Promise<boolean> {
  const controller = new AbortController();
  const { signal } = controller;
  const [seen] = await Promise.all(
    [see(signal), load(signal).then(() => false)].map((each) => each.finally(() => controller.abort())),
  );
  return seen === true;
}

/** Thrown if the application does not show its alerts, which waiting does not change. */
class AlertsRefused extends Error {}

/** The answers to whoever asks at the wrong place, or without the token: no later one is another. */
const REFUSALS: readonly number[] = [401, 403, 404];

/** Looks at the alerts of the application, and says what became of them. */
export class AlertWatch {
  private known = new Map<string, string>();
  private readonly explained = new Set<string>();

  constructor(
    private readonly options: Pick<LoadOptions, 'monitoringUrl' | 'token'>,
    private readonly isOfIncident: (alert: ShownAlert) => boolean,
    private readonly say: (line: string) => void,
  ) {}

  /** @returns false if the signal came first */
  async until(isSeen: (alerts: readonly ShownAlert[]) => boolean, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      const alerts = await this.look(signal);
      if (alerts !== undefined && isSeen(alerts)) return true;
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
    return false;
  }

  /** @returns undefined without an answer: an application that is blocked answers later */
  async look(signal?: AbortSignal): Promise<readonly ShownAlert[] | undefined> {
    try {
      return await this.read(signal);
    } catch (error) {
      if (error instanceof AlertsRefused) throw error;
      return undefined;
    }
  }

  private async read(signal?: AbortSignal): Promise<readonly ShownAlert[]> {
    const { monitoringUrl, token } = this.options;
    const limit = AbortSignal.timeout(ANSWER_MS);
    const response = await fetch(new URL('/monitoring/api/v1/alerts', monitoringUrl), {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
    if (REFUSALS.includes(response.status)) {
      throw new AlertsRefused(
        `${response.url} says ${response.status}. If MONITORING_TOKEN or MONITORING_PORT is set there, give --token or --monitoring-url here.`,
      );
    }
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
    for (const alert of data.alerts) {
      const { cause } = alert.annotations;
      // It is there once the handlers of the alert have been told.
      if (!this.isOfIncident(alert) || cause === undefined || this.explained.has(cause)) continue;
      this.explained.add(cause);
      this.say(`The cause: ${cause}`);
    }
    for (const alert of this.known.keys()) if (!now.has(alert)) this.say(`Alert ${alert} is over`);
    this.known = now;
    return data.alerts;
  }
}
