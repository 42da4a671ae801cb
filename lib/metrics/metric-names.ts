/**
 * Names of the metrics that alerts, statistics or the dashboard read. The definition of a metric uses the same constant, so
 * that nothing reads a metric that does not exist. The names of all metrics are in `library-metric-names.ts`.
 */

/** Metrics of the requests that the application serves. */
export const HTTP_METRICS = {
  requests: 'http_requests_total',
  duration: 'http_request_duration_seconds',
  inProgress: 'http_requests_in_progress',
  slow: 'http_slow_requests_total',
  streamDuration: 'http_stream_duration_seconds',
  rejected: 'http_rejected_requests_total',
} as const;

/** Metrics of what the requests that the application serves wait for. */
export const HTTP_WAIT_METRICS = {
  time: 'http_request_time_seconds_total',
  queries: 'http_request_queries_total',
  repeated: 'http_n_plus_one_requests_total',
  recorded: 'http_recorded_requests_total',
} as const;

/** Metrics of the requests that the application sends. */
export const OUTGOING_HTTP_METRICS = {
  requests: 'http_client_requests_total',
  duration: 'http_client_request_duration_seconds',
  errors: 'http_client_errors_total',
} as const;

/** Metrics of the handlers of microservices. */
export const RPC_METRICS = {
  requests: 'rpc_server_requests_total',
  duration: 'rpc_server_request_duration_seconds',
} as const;

/** Metrics of the handlers with `MetricsInterceptor`. */
export const HANDLER_METRICS = {
  calls: 'handler_calls_total',
  duration: 'handler_duration_seconds',
} as const;

/** Metrics of WebSocket gateways. */
export const WEBSOCKET_METRICS = {
  connections: 'websocket_connections_open',
  messages: 'websocket_messages_total',
} as const;

/** Metrics of GraphQL operations. */
export const GRAPHQL_METRICS = {
  operations: 'graphql_operations_total',
  duration: 'graphql_operation_duration_seconds',
} as const;

/** Metrics of scheduled jobs. */
export const SCHEDULED_JOB_METRICS = {
  runs: 'scheduled_job_runs_total',
  duration: 'scheduled_job_duration_seconds',
} as const;

/** Metrics of queues of BullMQ and their jobs. */
export const QUEUE_METRICS = {
  jobs: 'bullmq_queue_jobs',
  completed: 'bullmq_jobs_completed_total',
  failed: 'bullmq_jobs_failed_total',
  duration: 'bullmq_job_duration_seconds',
  wait: 'bullmq_job_wait_duration_seconds',
} as const;

/** Metrics of database clients. */
export const DATABASE_METRICS = {
  connections: 'db_client_connections',
  pending: 'db_client_connections_pending',
  max: 'db_client_connections_max',
  wait: 'db_client_connection_wait_seconds',
  duration: 'db_client_operation_duration_seconds',
  errors: 'db_client_operation_errors_total',
  slow: 'db_client_slow_operations_total',
  transactions: 'db_client_transactions_total',
} as const;

/** Metrics of caches. */
export const CACHE_METRICS = {
  hits: 'cache_hits_total',
  misses: 'cache_misses_total',
  sets: 'cache_sets_total',
  deletes: 'cache_deletes_total',
  entries: 'cache_entries',
  duration: 'cache_operation_duration_seconds',
} as const;

/** Metrics of Redis clients and servers. */
export const REDIS_METRICS = {
  commandDuration: 'redis_client_command_duration_seconds',
  evictedKeys: 'redis_evicted_keys_total',
  expiredKeys: 'redis_expired_keys_total',
  memoryUsed: 'redis_memory_used_bytes',
} as const;

/** Metrics of the process. */
export const PROCESS_METRICS = {
  cpu: 'process_cpu_seconds_total',
  cpuUser: 'process_cpu_user_seconds_total',
  cpuSystem: 'process_cpu_system_seconds_total',
  residentMemory: 'process_resident_memory_bytes',
  virtualMemory: 'process_virtual_memory_bytes',
  threads: 'process_threads',
  startTime: 'process_start_time_seconds',
  openFds: 'process_open_fds',
  lastExit: 'process_last_exit_info',
  maxFds: 'process_max_fds',
} as const;

/** Metrics of Node.js. */
export const NODEJS_METRICS = {
  activeResources: 'nodejs_active_resources',
  eventLoopLag: 'nodejs_eventloop_lag_seconds',
  eventLoopBlocked: 'nodejs_eventloop_blocks_seconds_total',
  eventLoopBlocks: 'nodejs_eventloop_blocks_total',
  eventLoopTime: 'nodejs_eventloop_time_seconds_total',
  eventLoopUtilization: 'nodejs_eventloop_utilization_ratio',
  externalMemory: 'nodejs_external_memory_bytes',
  gcDuration: 'nodejs_gc_duration_seconds',
  heapTotal: 'nodejs_heap_size_total_bytes',
  heapUsed: 'nodejs_heap_size_used_bytes',
  heapSpaceUsed: 'nodejs_heap_space_size_used_bytes',
  heapSpaceTotal: 'nodejs_heap_space_size_total_bytes',
  heapSpaceAvailable: 'nodejs_heap_space_size_available_bytes',
  memoryGrowth: 'nodejs_memory_growth_bytes_per_second',
  memoryLeakSuspected: 'nodejs_memory_leak_suspected',
} as const;

/** Metrics of the machine or the container. */
export const SYSTEM_METRICS = {
  cpu: 'system_cpu_percent',
  memory: 'system_memory_percent',
  disk: 'system_disk_percent',
  diskRead: 'system_disk_read_bytes_per_second',
  diskWrite: 'system_disk_write_bytes_per_second',
  networkReceive: 'system_network_receive_bytes_per_second',
  networkTransmit: 'system_network_transmit_bytes_per_second',
  processes: 'system_processes',
  threads: 'system_threads',
} as const;

/** Metrics of this library. */
export const LIBRARY_METRICS = {
  droppedSamples: 'monitoring_dropped_samples_total',
} as const;

/** Gauges that prom-client has, by an option: their names break the naming guide, which reserves `_total` for counters. */
export const ACTIVE_TOTALS = {
  resources: 'nodejs_active_resources_total',
  handles: 'nodejs_active_handles_total',
  requests: 'nodejs_active_requests_total',
} as const;
