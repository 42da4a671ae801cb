import { NO_RESPONSE, OTHER_METHOD, UNMATCHED_ROUTE } from '../label-values.js';
import { HTTP_METRICS, OUTGOING_HTTP_METRICS } from '../metric-names.js';
import { OUTGOING_DETAILS } from './semantic-recording.js';
import {
  computed,
  type Labels,
  renamed,
  type SemanticAttribute,
  type SemanticMetric,
} from './semantic-metric.js';

const METHOD = renamed('http.request.method', 'method', (method) =>
  method === OTHER_METHOD ? '_OTHER' : method,
);
const SCHEME = computed('url.scheme', (_labels, { scheme }) => scheme);
const ROUTE = renamed('http.route', 'route', (route) => (route === UNMATCHED_ROUTE ? '' : route));
const STATUS: SemanticAttribute = {
  ...renamed('http.response.status_code', 'status_code', (status) => (status === NO_RESPONSE ? '' : status)),
  isInteger: true,
};
/** For a server, the statuses below 500 are no errors. */
const SERVER_ERROR = computed('error.type', ({ status_code: status = '' }) =>
  isStatus(status, 500) ? status : '',
);

/** The port at the end of a host. */
const PORT = /:(\d{1,5})$/;

const ADDRESS = renamed('server.address', 'host', (host) => host.replace(PORT, ''));
const SERVER_PORT: SemanticAttribute = {
  name: 'server.port',
  label: 'host',
  isInteger: true,
  valueOf: portIn,
  read: ({ host = '', [OUTGOING_DETAILS.port]: port = '' }) => portIn(host) || port,
};
const CLIENT_ERROR = computed('error.type', clientErrorOf, (error) => error);

/** The metrics of HTTP servers and clients. */
export const HTTP_SEMANTICS: readonly SemanticMetric[] = [
  {
    name: 'http.server.request.duration',
    domain: 'http',
    instrument: 'histogram',
    unit: 's',
    help: 'Duration of HTTP server requests.',
    sources: [
      {
        metric: HTTP_METRICS.duration,
        labelNames: ['method', 'route', 'status_code'],
        attributes: [METHOD, SCHEME, ROUTE, STATUS, SERVER_ERROR],
      },
    ],
    covers: [{ metric: HTTP_METRICS.requests }],
  },
  {
    name: 'http.server.active_requests',
    domain: 'http',
    instrument: 'updowncounter',
    unit: '{request}',
    help: 'Number of active HTTP server requests.',
    sources: [{ metric: HTTP_METRICS.inProgress, labelNames: ['method'], attributes: [METHOD, SCHEME] }],
  },
  {
    name: 'http.client.request.duration',
    domain: 'http',
    instrument: 'histogram',
    unit: 's',
    help: 'Duration of HTTP client requests.',
    sources: [
      {
        metric: OUTGOING_HTTP_METRICS.duration,
        labelNames: ['host', 'method', 'status_code'],
        attributes: [METHOD, ADDRESS, SERVER_PORT, STATUS, CLIENT_ERROR],
      },
    ],
    covers: [
      { metric: OUTGOING_HTTP_METRICS.requests },
      {
        metric: OUTGOING_HTTP_METRICS.errors,
        labels: { error: 'error.type' },
        only: { 'http.response.status_code': '' },
      },
    ],
  },
];

/** Attributes of our other HTTP metrics, which have no semantic name. */
export const HTTP_ATTRIBUTES: readonly SemanticAttribute[] = [METHOD, ROUTE, STATUS];

function portIn(host: string): string {
  return PORT.exec(host)?.[1] ?? '';
}

/** Returns the error of a client request: the code of its error, or its status from 400 on. */
function clientErrorOf({ status_code: status = '', [OUTGOING_DETAILS.error]: error = '' }: Labels): string {
  if (status === NO_RESPONSE) return error || '_OTHER';
  return isStatus(status, 400) ? status : '';
}

function isStatus(status: string, atLeast: number): boolean {
  return Number(status) >= atLeast;
}
