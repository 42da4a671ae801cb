import { by, p95, panel, rate, value, type View } from './panel.js';
import {
  GRAPHQL_METRICS,
  HANDLER_METRICS,
  QUEUE_METRICS,
  RPC_METRICS,
  SCHEDULED_JOB_METRICS,
  WEBSOCKET_METRICS,
} from '../../metrics/metric-names.js';

/** Scheduled jobs, queues, microservice messages, WebSockets, GraphQL and handlers with `MetricsInterceptor`. */
export const JOBS: View = {
  name: 'jobs',
  title: 'Jobs and messages',
  empty:
    'No jobs or messages yet. Supported: @nestjs/schedule, BullMQ, microservices, WebSocket gateways and GraphQL.',
  panels: [
    panel('Scheduled job runs', 'per second', [rate(SCHEDULED_JOB_METRICS.runs, by('job', 'outcome'))]),
    panel('Scheduled job duration (p95)', 'seconds', [p95(SCHEDULED_JOB_METRICS.duration, by('job'))]),
    panel('Queue length', 'number', [value(QUEUE_METRICS.jobs, by('queue', 'state'))]),
    panel('Queue jobs', 'per second', [
      rate(QUEUE_METRICS.completed, 'completed'),
      rate(QUEUE_METRICS.failed, 'failed'),
    ]),
    panel('Queue job duration (p95)', 'seconds', [p95(QUEUE_METRICS.duration, by('queue'))]),
    panel('Queue wait time (p95)', 'seconds', [p95(QUEUE_METRICS.wait, by('queue'))]),
    panel('Messages', 'per second', [rate(RPC_METRICS.requests, by('pattern', 'outcome'))]),
    panel('Message duration (p95)', 'seconds', [p95(RPC_METRICS.duration, by('pattern'))]),
    panel('Open WebSockets', 'number', [value(WEBSOCKET_METRICS.connections, by('namespace'))]),
    panel('WebSocket messages', 'per second', [rate(WEBSOCKET_METRICS.messages, by('event', 'outcome'))]),
    panel('GraphQL operations', 'per second', [rate(GRAPHQL_METRICS.operations, by('operation', 'outcome'))]),
    panel('GraphQL operation duration (p95)', 'seconds', [p95(GRAPHQL_METRICS.duration, by('operation'))]),
    panel('Handler calls', 'per second', [rate(HANDLER_METRICS.calls, by('handler', 'outcome'))], {
      help: 'Calls of handlers with MetricsInterceptor.',
    }),
    panel('Handler duration (p95)', 'seconds', [p95(HANDLER_METRICS.duration, by('handler'))]),
  ],
};
