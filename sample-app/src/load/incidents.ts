import { setTimeout as sleep } from 'node:timers/promises';
import { addDeal, type Flow } from './flows.js';

/** Something that goes wrong in the application, because of what its clients do. */
export interface Incident {
  /** The story of the incident, in a sentence. */
  readonly story: string;
  /** The rule of the application that has to notice. */
  readonly rule: string;
  /** The label of the alert, if the rule has one alert for each route. */
  readonly route?: string;
  readonly clients: number;
  readonly flow: Flow;
  /** The place on the dashboard that shows it, as in its address. */
  readonly page: string;
  /** The beginnings of the metrics that show it. */
  readonly metrics: readonly string[];
}

/** The first is the default. */
export const INCIDENT_NAMES = ['failing-remote', 'slow-query', 'exception', 'blocked-loop'] as const;
export type IncidentName = (typeof INCIDENT_NAMES)[number];

export const INCIDENTS: Readonly<Record<IncidentName, Incident>> = {
  'failing-remote': {
    story: 'Everybody wants the revenue report, more than the exchange rates can bear.',
    rule: 'route_fails',
    route: '/api/reports/revenue',
    clients: 60,
    async flow(client) {
      const { statusCode } = await client.get('/api/reports/revenue');
      // Whoever is turned away tries again a little later.
      if (statusCode !== 200) await sleep(300);
    },
    page: 'routes/GET/%2Fapi%2Freports%2Frevenue',
    metrics: ['http_client_requests_total', 'external_api_errors_total'],
  },
  'slow-query': {
    story: 'Somebody has put the list of similar deals on a screen, and its statement is slow.',
    rule: 'route_is_slow',
    route: '/api/reports/similar-deals',
    clients: 2,
    async flow(client) {
      await client.get('/api/reports/similar-deals');
      await sleep(300);
    },
    page: 'routes/GET/%2Fapi%2Freports%2Fsimilar-deals',
    metrics: ['db_client_slow_operations_total', 'db_client_operation_duration_seconds_sum'],
  },
  exception: {
    story: 'A new page asks for the latest assessment of deals that have none.',
    rule: 'route_fails',
    route: '/api/deals/:dealId/assessments/latest',
    clients: 2,
    async flow(client, random) {
      const dealId = await addDeal(client, random);
      if (dealId !== undefined) {
        await client.get('/api/deals/:dealId/assessments/latest', { params: { dealId } });
      }
      await sleep(400);
    },
    page: 'errors',
    metrics: ['exceptions_total'],
  },
  'blocked-loop': {
    story: 'Some people want the forecast, and everybody waits for its computation.',
    rule: 'event_loop_is_blocked',
    clients: 2,
    async flow(client) {
      await client.get('/api/reports/forecast');
      await sleep(200);
    },
    page: 'process/event-loop',
    metrics: ['nodejs_eventloop_blocks_seconds_total', 'nodejs_eventloop_lag_p99_seconds'],
  },
};
