import { by, p95, panel, rate, value, type View } from './panel.js';

/** Scheduled jobs, queues, microservice messages, WebSockets and GraphQL. */
export const JOBS: View = {
  name: 'jobs',
  title: 'Jobs and messages',
  empty:
    'No jobs or messages yet. Supported: @nestjs/schedule, BullMQ, microservices, WebSocket gateways and GraphQL.',
  panels: [
    panel('Scheduled job runs', 'per second', [rate('scheduled_job_runs_total', by('job', 'outcome'))]),
    panel('Scheduled job duration (p95)', 'seconds', [p95('scheduled_job_duration_seconds', by('job'))]),
    panel('Queue length', 'number', [value('bullmq_queue_jobs', by('queue', 'state'))]),
    panel('Queue jobs', 'per second', [
      rate('bullmq_jobs_completed_total', 'completed'),
      rate('bullmq_jobs_failed_total', 'failed'),
    ]),
    panel('Queue job duration (p95)', 'seconds', [p95('bullmq_job_duration_seconds', by('queue'))]),
    panel('Queue wait time (p95)', 'seconds', [p95('bullmq_job_wait_duration_seconds', by('queue'))]),
    panel('Messages', 'per second', [rate('rpc_server_requests_total', by('pattern', 'outcome'))]),
    panel('Message duration (p95)', 'seconds', [p95('rpc_server_request_duration_seconds', by('pattern'))]),
    panel('Open WebSockets', 'number', [value('websocket_connections_open', by('namespace'))]),
    panel('WebSocket messages', 'per second', [rate('websocket_messages_total', by('event', 'outcome'))]),
    panel('GraphQL operations', 'per second', [rate('graphql_operations_total', by('operation', 'outcome'))]),
    panel('GraphQL operation duration (p95)', 'seconds', [
      p95('graphql_operation_duration_seconds', by('operation')),
    ]),
  ],
};
