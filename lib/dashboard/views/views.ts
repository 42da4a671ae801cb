import type { Computation, Panel, Unit, View } from './panel.js';

const HTTP = 'http_request_duration_seconds';

const requestRate: Panel = {
  title: 'Requests',
  help: 'Answered in a second, by class of status.',
  unit: 'per second',
  queries: [
    {
      metric: 'http_requests_total',
      compute: 'rate',
      labels: { status_code: /[123]../ },
      legend: 'answered',
    },
    {
      metric: 'http_requests_total',
      compute: 'rate',
      labels: { status_code: /4../ },
      legend: 'refused (4xx)',
    },
    {
      metric: 'http_requests_total',
      compute: 'rate',
      labels: { status_code: /5../ },
      legend: 'failed (5xx)',
    },
  ],
};

const responseTime: Panel = {
  title: 'Response time',
  help: 'Half of all requests, 95 and 99 in a hundred were faster.',
  unit: 'seconds',
  queries: [
    { metric: HTTP, compute: 'p50', legend: 'p50' },
    { metric: HTTP, compute: 'p95', legend: 'p95' },
    { metric: HTTP, compute: 'p99', legend: 'p99' },
  ],
};

const inProgress: Panel = {
  title: 'In progress',
  help: 'Requests that are being answered.',
  unit: 'number',
  queries: [{ metric: 'http_requests_in_progress', compute: 'value', groupBy: ['method'], legend: '' }],
};

const eventLoop: Panel = {
  title: 'Event loop lag',
  help: 'How late timers and callbacks were.',
  unit: 'seconds',
  queries: [
    { metric: 'nodejs_eventloop_lag_p50_seconds', compute: 'value', legend: 'p50' },
    { metric: 'nodejs_eventloop_lag_p99_seconds', compute: 'value', legend: 'p99' },
    { metric: 'nodejs_eventloop_lag_max_seconds', compute: 'value', legend: 'longest' },
  ],
};

const processCpu: Panel = {
  title: 'CPU of the process',
  help: 'Of one core.',
  unit: 'percent',
  queries: [
    { metric: 'process_cpu_user_seconds_total', compute: 'rate', legend: 'user', scale: 100 },
    { metric: 'process_cpu_system_seconds_total', compute: 'rate', legend: 'system', scale: 100 },
  ],
};

const heap: Panel = {
  title: 'Memory of the process',
  unit: 'bytes',
  queries: [
    { metric: 'process_resident_memory_bytes', compute: 'value', legend: 'resident' },
    { metric: 'nodejs_heap_size_total_bytes', compute: 'value', legend: 'heap' },
    { metric: 'nodejs_heap_size_used_bytes', compute: 'value', legend: 'heap in use' },
    { metric: 'nodejs_external_memory_bytes', compute: 'value', legend: 'outside the heap' },
  ],
};

/** The charts of the overview: the few that tell most. */
export const OVERVIEW: View = {
  name: 'overview',
  title: 'Overview',
  empty: 'The first sample is on its way.',
  panels: [requestRate, responseTime, eventLoop, heap],
};

export const REQUESTS: View = {
  name: 'requests',
  title: 'Requests',
  empty: 'No request has come in yet.',
  panels: [
    requestRate,
    responseTime,
    inProgress,
    {
      title: 'Slow requests',
      unit: 'per second',
      queries: [
        { metric: 'http_slow_requests_total', compute: 'rate', groupBy: ['method', 'route'], legend: '' },
      ],
    },
    {
      title: 'Outgoing requests',
      unit: 'per second',
      queries: [{ metric: 'http_client_requests_total', compute: 'rate', groupBy: ['host'], legend: '' }],
    },
    {
      title: 'Outgoing response time, p95',
      unit: 'seconds',
      queries: [
        { metric: 'http_client_request_duration_seconds', compute: 'p95', groupBy: ['host'], legend: '' },
      ],
    },
  ],
};

/** Charts of one feature each; a chart without data is left out. */
export const VIEWS: readonly View[] = [
  OVERVIEW,
  REQUESTS,
  {
    name: 'runtime',
    title: 'Runtime',
    empty: 'The runtime collectors are switched off: collectors.runtime is false.',
    panels: [
      eventLoop,
      {
        title: 'Event loop in use',
        unit: 'ratio',
        queries: [{ metric: 'nodejs_eventloop_utilization_ratio', compute: 'value', legend: 'busy' }],
      },
      processCpu,
      heap,
      {
        title: 'Garbage collection',
        help: 'Share of the time, by kind.',
        unit: 'percent',
        queries: [
          {
            metric: 'nodejs_gc_duration_seconds',
            compute: 'rate of the sum',
            groupBy: ['kind'],
            legend: '',
            scale: 100,
          },
        ],
      },
      {
        title: 'Heap by space',
        unit: 'bytes',
        queries: [
          { metric: 'nodejs_heap_space_size_used_bytes', compute: 'value', groupBy: ['space'], legend: '' },
        ],
      },
      {
        title: 'Active resources',
        help: 'What keeps the event loop alive.',
        unit: 'number',
        queries: [{ metric: 'nodejs_active_resources', compute: 'value', groupBy: ['type'], legend: '' }],
      },
      {
        title: 'File descriptors',
        unit: 'number',
        queries: [{ metric: 'process_open_fds', compute: 'value', legend: 'open' }],
      },
    ],
  },
  {
    name: 'system',
    title: 'System',
    empty: 'Nothing is known of the machine: collectors.system is off.',
    panels: [
      {
        title: 'CPU',
        unit: 'percent',
        queries: [{ metric: 'system_cpu_percent', compute: 'value', legend: 'in use' }],
        threshold: 'cpu_percent',
      },
      {
        title: 'Memory',
        unit: 'percent',
        queries: [{ metric: 'system_memory_percent', compute: 'value', legend: 'in use' }],
        threshold: 'memory_percent',
      },
      {
        title: 'Disks',
        unit: 'percent',
        queries: [{ metric: 'system_disk_percent', compute: 'value', groupBy: ['mount'], legend: '' }],
        threshold: 'disk_percent',
      },
      {
        title: 'Network',
        unit: 'bytes per second',
        queries: [
          { metric: 'system_network_receive_bytes_per_second', compute: 'value', legend: 'received' },
          { metric: 'system_network_transmit_bytes_per_second', compute: 'value', legend: 'sent' },
        ],
      },
      {
        title: 'Disk input and output',
        unit: 'bytes per second',
        queries: [
          { metric: 'system_disk_read_bytes_per_second', compute: 'value', legend: 'read' },
          { metric: 'system_disk_write_bytes_per_second', compute: 'value', legend: 'written' },
        ],
      },
      {
        title: 'Processes and threads',
        unit: 'number',
        queries: [
          { metric: 'system_processes', compute: 'value', legend: 'processes' },
          { metric: 'system_threads', compute: 'value', legend: 'threads' },
        ],
      },
    ],
  },
  {
    name: 'database',
    title: 'Database',
    empty: 'No database was found: TypeORM, pg, mysql2, Knex, Prisma and Mongoose are looked for.',
    panels: [
      lines('Statements', 'per second', 'db_client_operation_duration_seconds', 'rate', ['operation']),
      lines('Time of a statement, p95', 'seconds', 'db_client_operation_duration_seconds', 'p95', [
        'operation',
      ]),
      {
        ...lines('Slowest tables', 'ratio', 'db_client_operation_duration_seconds', 'rate of the sum', [
          'table',
        ]),
        help: 'Time spent on their statements, in each second.',
      },
      lines('Errors', 'per second', 'db_client_operation_errors_total', 'rate', ['operation', 'error']),
      lines('Slow statements', 'per second', 'db_client_slow_operations_total', 'rate', [
        'operation',
        'table',
      ]),
      lines('Transactions', 'per second', 'db_client_transactions_total', 'rate', ['event']),
      lines('Connections of the pool', 'number', 'db_client_connections', 'value', ['state']),
      lines('Waiting for a connection', 'number', 'db_client_connections_pending', 'value', ['pool']),
      lines('Connections of PostgreSQL', 'number', 'postgresql_connections', 'value', ['state']),
      lines('Size of PostgreSQL', 'bytes', 'postgresql_database_size_bytes', 'value', []),
      lines('Rows inserted', 'per second', 'postgresql_table_inserts_total', 'rate', ['table']),
      lines('Dead rows', 'number', 'postgresql_table_dead_rows', 'value', ['table']),
      lines('Connections of MySQL', 'number', 'mysql_connections', 'value', ['state']),
      lines('Size of SQLite', 'bytes', 'sqlite_database_size_bytes', 'value', []),
    ],
  },
  {
    name: 'cache',
    title: 'Cache',
    empty: 'No cache was found: cache-manager, Keyv, ioredis and node-redis are looked for.',
    panels: [
      {
        title: 'Hits and misses',
        unit: 'per second',
        queries: [
          { metric: 'cache_hits_total', compute: 'rate', legend: 'hits' },
          { metric: 'cache_misses_total', compute: 'rate', legend: 'misses' },
        ],
      },
      {
        title: 'Changes',
        unit: 'per second',
        queries: [
          { metric: 'cache_sets_total', compute: 'rate', legend: 'set' },
          { metric: 'cache_deletes_total', compute: 'rate', legend: 'deleted' },
        ],
      },
      lines('Time of an operation, p95', 'seconds', 'cache_operation_duration_seconds', 'p95', ['operation']),
      lines('Entries', 'number', 'cache_entries', 'value', ['cache']),
      lines('Commands of Redis', 'per second', 'redis_client_command_duration_seconds', 'rate', ['command']),
      lines('Memory of Redis', 'bytes', 'redis_memory_used_bytes', 'value', []),
      {
        title: 'Keys of Redis that are gone',
        unit: 'per second',
        queries: [
          { metric: 'redis_evicted_keys_total', compute: 'rate', legend: 'evicted' },
          { metric: 'redis_expired_keys_total', compute: 'rate', legend: 'expired' },
        ],
      },
    ],
  },
  {
    name: 'jobs',
    title: 'Jobs and messages',
    empty:
      'No job has run and no message has come: @nestjs/schedule, BullMQ, microservices, gateways and GraphQL are looked for.',
    panels: [
      lines('Scheduled jobs', 'per second', 'scheduled_job_runs_total', 'rate', ['job', 'outcome']),
      lines('Time of a scheduled job, p95', 'seconds', 'scheduled_job_duration_seconds', 'p95', ['job']),
      lines('Queues', 'number', 'bullmq_queue_jobs', 'value', ['queue', 'state']),
      {
        title: 'Jobs of queues',
        unit: 'per second',
        queries: [
          { metric: 'bullmq_jobs_completed_total', compute: 'rate', legend: 'completed' },
          { metric: 'bullmq_jobs_failed_total', compute: 'rate', legend: 'failed' },
        ],
      },
      lines('Time of a queued job, p95', 'seconds', 'bullmq_job_duration_seconds', 'p95', ['queue']),
      lines('Wait of a queued job, p95', 'seconds', 'bullmq_job_wait_duration_seconds', 'p95', ['queue']),
      lines('Messages', 'per second', 'rpc_server_requests_total', 'rate', ['pattern', 'outcome']),
      lines('Time of a message, p95', 'seconds', 'rpc_server_request_duration_seconds', 'p95', ['pattern']),
      lines('WebSockets open', 'number', 'websocket_connections_open', 'value', ['namespace']),
      lines('WebSocket messages', 'per second', 'websocket_messages_total', 'rate', ['event', 'outcome']),
      lines('GraphQL operations', 'per second', 'graphql_operations_total', 'rate', ['operation', 'outcome']),
      lines('Time of a GraphQL operation, p95', 'seconds', 'graphql_operation_duration_seconds', 'p95', [
        'operation',
      ]),
    ],
  },
];

/** A chart of one metric. */
function lines(
  title: string,
  unit: Unit,
  metric: string,
  compute: Computation,
  groupBy: readonly string[],
): Panel {
  return { title, unit, queries: [{ metric, compute, groupBy, legend: groupBy.length === 0 ? title : '' }] };
}
