/**
 * Names of the metrics of this library. A metric that alerts, statistics or the dashboard read has a constant, which its
 * definition uses too, so that nothing reads a metric that does not exist.
 */

/** Metrics of the requests that the application serves. */
export const HTTP_METRICS = {
  requests: 'http_requests_total',
  duration: 'http_request_duration_seconds',
  inProgress: 'http_requests_in_progress',
  slow: 'http_slow_requests_total',
} as const;

/** Metrics of the requests that the application sends. */
export const OUTGOING_HTTP_METRICS = {
  requests: 'http_client_requests_total',
  duration: 'http_client_request_duration_seconds',
} as const;

/** Metrics of the handlers of microservices. */
export const RPC_METRICS = {
  requests: 'rpc_server_requests_total',
  duration: 'rpc_server_request_duration_seconds',
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
  startTime: 'process_start_time_seconds',
  openFds: 'process_open_fds',
  maxFds: 'process_max_fds',
} as const;

/** Metrics of Node.js. */
export const NODEJS_METRICS = {
  activeResources: 'nodejs_active_resources',
  eventLoopUtilization: 'nodejs_eventloop_utilization_ratio',
  externalMemory: 'nodejs_external_memory_bytes',
  gcDuration: 'nodejs_gc_duration_seconds',
  heapTotal: 'nodejs_heap_size_total_bytes',
  heapUsed: 'nodejs_heap_size_used_bytes',
  heapSpaceUsed: 'nodejs_heap_space_size_used_bytes',
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

/** Names of the metrics that only their definition mentions. */
const FURTHER_NAMES = [
  'api_error_ratio',
  'api_requests_per_second',
  'api_response_time_seconds',
  'application_build_info',
  'bullmq_job_retries_total',
  'bullmq_jobs_in_progress',
  'bullmq_jobs_stalled_total',
  'cache_errors_total',
  'db_client_connection_wait_seconds',
  'db_client_connections_max',
  'graphql_errors_total',
  'graphql_operations_in_progress',
  'graphql_resolver_duration_seconds',
  'graphql_subscription_duration_seconds',
  'graphql_subscription_events_total',
  'graphql_subscriptions_open',
  'http_client_errors_total',
  'http_server_errors_total',
  'http_stream_duration_seconds',
  'model_operation_duration_seconds',
  'model_operation_errors_total',
  'model_operation_total',
  'monitoring_alerts',
  'monitoring_auth_failures_total',
  'monitoring_bridge_dropped_metrics_total',
  'monitoring_build_info',
  'monitoring_callback_errors_total',
  'monitoring_collector_duration_seconds',
  'monitoring_collector_success',
  'monitoring_exporter_dropped_points_total',
  'monitoring_exporter_exports_total',
  'monitoring_exporter_failures_total',
  'monitoring_exporter_lag_seconds',
  'monitoring_exporter_queue_points',
  'monitoring_exporter_stopped',
  'monitoring_health_check_duration_seconds',
  'monitoring_health_status',
  'monitoring_health_transitions_total',
  'monitoring_history_bytes',
  'monitoring_history_dropped_samples_total',
  'monitoring_history_series',
  'monitoring_instrumentation_errors_total',
  'monitoring_notifications_dropped_total',
  'monitoring_notifications_failed_total',
  'monitoring_notifications_total',
  'monitoring_rule_evaluation_duration_seconds',
  'monitoring_rule_evaluation_failures_total',
  'monitoring_rule_evaluations_total',
  'monitoring_scrape_bytes',
  'monitoring_scrape_duration_seconds',
  'monitoring_series',
  'monitoring_series_overflow_total',
  'monitoring_truncated_label_values_total',
  'monitoring_workers',
  'monitoring_workers_missing',
  'mysql_buffer_pool_pages_total',
  'mysql_cache_hit_ratio',
  'mysql_commands_total',
  'mysql_connections',
  'mysql_database_size_bytes',
  'mysql_full_scans_total',
  'mysql_lock_waits_total',
  'mysql_slow_queries_total',
  'mysql_table_data_bytes',
  'mysql_table_index_bytes',
  'mysql_table_live_rows',
  'mysql_table_rows_changed_total',
  'mysql_table_rows_read_total',
  'mysql_uptime_seconds',
  'nodejs_active_handles',
  'nodejs_active_requests',
  'nodejs_eventloop_lag_max_seconds',
  'nodejs_eventloop_lag_mean_seconds',
  'nodejs_eventloop_lag_min_seconds',
  'nodejs_eventloop_lag_p50_seconds',
  'nodejs_eventloop_lag_p90_seconds',
  'nodejs_eventloop_lag_p99_seconds',
  'nodejs_eventloop_lag_seconds',
  'nodejs_eventloop_lag_stddev_seconds',
  'nodejs_gc_time_ratio',
  'nodejs_heap_after_gc_ratio',
  'nodejs_heap_size_after_gc_bytes',
  'nodejs_heap_size_limit_bytes',
  'nodejs_heap_space_size_available_bytes',
  'nodejs_heap_space_size_total_bytes',
  'nodejs_threadpool_size',
  'nodejs_threadpool_wait_seconds',
  'nodejs_version_info',
  'nodejs_worker_threads',
  'nodejs_worker_threads_started_total',
  'postgresql_blocks_total',
  'postgresql_cache_hit_ratio',
  'postgresql_connections',
  'postgresql_database_size_bytes',
  'postgresql_deadlocks_total',
  'postgresql_locks',
  'postgresql_replica_lag_bytes',
  'postgresql_replica_lag_seconds',
  'postgresql_replicas',
  'postgresql_replication_lag_seconds',
  'postgresql_table_dead_rows',
  'postgresql_table_deletes_total',
  'postgresql_table_index_scans_total',
  'postgresql_table_inserts_total',
  'postgresql_table_live_rows',
  'postgresql_table_sequential_scans_total',
  'postgresql_table_updates_total',
  'postgresql_temporary_bytes_total',
  'postgresql_transactions_total',
  'process_heap_bytes',
  'process_threads',
  'process_uncaught_exceptions_total',
  'process_unhandled_rejections_total',
  'process_virtual_memory_bytes',
  'process_warnings_total',
  'redis_blocked_clients',
  'redis_client_command_errors_total',
  'redis_commands_processed_total',
  'redis_connected_clients',
  'redis_connected_replicas',
  'redis_connections_received_total',
  'redis_keys',
  'redis_keyspace_hits_total',
  'redis_keyspace_misses_total',
  'redis_memory_max_bytes',
  'redis_rejected_connections_total',
  'redis_uptime_seconds',
  'rpc_server_errors_total',
  'rpc_server_requests_in_progress',
  'scheduled_job_errors_total',
  'scheduled_job_last_start_timestamp_seconds',
  'scheduled_job_last_success_timestamp_seconds',
  'scheduled_job_overlaps_total',
  'scheduled_job_runs_in_progress',
  'sqlite_database_size_bytes',
  'sqlite_free_pages',
  'sqlite_pages',
  'system_cpu_limit_cores',
  'system_cpu_periods_total',
  'system_cpu_seconds_total',
  'system_cpu_throttled_periods_total',
  'system_cpu_throttled_seconds_total',
  'system_cpus',
  'system_disk_busy_seconds_total',
  'system_disk_free_bytes',
  'system_disk_inodes_percent',
  'system_disk_read_bytes_total',
  'system_disk_reads_total',
  'system_disk_total_bytes',
  'system_disk_used_bytes',
  'system_disk_writes_total',
  'system_disk_written_bytes_total',
  'system_file_systems',
  'system_load1',
  'system_load15',
  'system_load5',
  'system_memory_limit_bytes',
  'system_memory_oom_kills_total',
  'system_memory_total_bytes',
  'system_memory_used_bytes',
  'system_network_receive_bytes_total',
  'system_network_receive_drops_total',
  'system_network_receive_errors_total',
  'system_network_transmit_bytes_total',
  'system_network_transmit_drops_total',
  'system_network_transmit_errors_total',
  'system_swap_total_bytes',
  'system_swap_used_bytes',
  'websocket_connection_duration_seconds',
  'websocket_connections_total',
  'websocket_errors_total',
  'websocket_message_duration_seconds',
  'websocket_messages_in_progress',
];

/** The names of all metrics of this library, by which the dashboard separates them from those of the application. */
export const LIBRARY_METRIC_NAMES: ReadonlySet<string> = new Set([
  ...Object.values(HTTP_METRICS),
  ...Object.values(OUTGOING_HTTP_METRICS),
  ...Object.values(RPC_METRICS),
  ...Object.values(WEBSOCKET_METRICS),
  ...Object.values(GRAPHQL_METRICS),
  ...Object.values(SCHEDULED_JOB_METRICS),
  ...Object.values(QUEUE_METRICS),
  ...Object.values(DATABASE_METRICS),
  ...Object.values(CACHE_METRICS),
  ...Object.values(REDIS_METRICS),
  ...Object.values(PROCESS_METRICS),
  ...Object.values(NODEJS_METRICS),
  ...Object.values(SYSTEM_METRICS),
  ...Object.values(LIBRARY_METRICS),
  ...FURTHER_NAMES,
]);
