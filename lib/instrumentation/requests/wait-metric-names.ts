import { HTTP_WAIT_METRICS } from '../../metrics/metric-names.js';

/** The names and labels of the metrics of what one sort of operation waits for. */
export interface WaitMetricsDefinition {
  /** The operations, in the plural, after "recorded". */
  readonly subject: string;
  readonly labelNames: readonly string[];
  /** Time by part. */
  readonly time: string;
  /** Database statements. */
  readonly queries: string;
  /** Operations with an N+1. */
  readonly repeated: string;
  /** Recorded operations, to which the others refer. */
  readonly recorded: string;
}

/** The metrics of what operations wait for, by sort of operation. */
export const WAIT_METRICS = {
  http: {
    subject: 'HTTP requests',
    labelNames: ['method', 'route'],
    ...HTTP_WAIT_METRICS,
  },
  graphql: {
    subject: 'GraphQL operations',
    labelNames: ['operation_type', 'operation'],
    time: 'graphql_operation_time_seconds_total',
    queries: 'graphql_operation_queries_total',
    repeated: 'graphql_n_plus_one_operations_total',
    recorded: 'graphql_recorded_operations_total',
  },
  rpc: {
    subject: 'messages and events of microservices',
    labelNames: ['transport', 'pattern'],
    time: 'rpc_server_request_time_seconds_total',
    queries: 'rpc_server_request_queries_total',
    repeated: 'rpc_server_n_plus_one_requests_total',
    recorded: 'rpc_server_recorded_requests_total',
  },
  websocket: {
    subject: 'messages of WebSocket gateways',
    labelNames: ['namespace', 'event'],
    time: 'websocket_message_time_seconds_total',
    queries: 'websocket_message_queries_total',
    repeated: 'websocket_n_plus_one_messages_total',
    recorded: 'websocket_recorded_messages_total',
  },
  scheduledJob: {
    subject: 'runs of scheduled jobs',
    labelNames: ['job', 'type'],
    time: 'scheduled_job_time_seconds_total',
    queries: 'scheduled_job_queries_total',
    repeated: 'scheduled_job_n_plus_one_runs_total',
    recorded: 'scheduled_job_recorded_runs_total',
  },
  queueJob: {
    subject: 'attempts of BullMQ jobs',
    labelNames: ['queue', 'job'],
    time: 'bullmq_job_time_seconds_total',
    queries: 'bullmq_job_queries_total',
    repeated: 'bullmq_n_plus_one_jobs_total',
    recorded: 'bullmq_recorded_jobs_total',
  },
} as const satisfies Record<string, WaitMetricsDefinition>;

/** The sorts of operations that have metrics of what they wait for. */
export type WaitMetricsName = keyof typeof WAIT_METRICS;
