import { UNMATCHED_PATTERN } from '../label-values.js';
import { RPC_METRICS } from '../metric-names.js';
import { computed, renamed, type SemanticMetric } from './semantic-metric.js';

/** The error of a call by its outcome; the class of its exception is in `rpc_server_errors_total`. */
const ERRORS: ReadonlyMap<string, string> = new Map([
  ['error', '_OTHER'],
  ['cancelled', 'cancelled'],
]);

/** The metrics of the handlers of microservices. */
export const RPC_SEMANTICS: readonly SemanticMetric[] = [
  {
    name: 'rpc.server.call.duration',
    domain: 'rpc',
    instrument: 'histogram',
    unit: 's',
    help: 'Measures the duration of an incoming Remote Procedure Call (RPC).',
    sources: [
      {
        metric: RPC_METRICS.duration,
        labelNames: ['transport', 'pattern', 'outcome'],
        attributes: [
          renamed('rpc.system.name', 'transport', (transport) => transport.toLowerCase()),
          renamed('rpc.method', 'pattern', (pattern) => (pattern === UNMATCHED_PATTERN ? '_OTHER' : pattern)),
          {
            ...computed('error.type', ({ outcome = '' }) => ERRORS.get(outcome) ?? ''),
            label: 'outcome',
            valueOf: (outcome) => ERRORS.get(outcome) ?? '',
          },
        ],
      },
    ],
    covers: [{ metric: RPC_METRICS.requests }],
  },
];
