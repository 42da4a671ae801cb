// The door for health checks of dependencies and of the process.
export type {
  BuiltInCheckOptions,
  BuiltInChecksOptions,
  DiskCheckOptions,
  EventLoopCheckOptions,
  PercentLimits,
} from './health/checks/built-in-checks.options.js';
export {
  httpHealthCheck,
  type HttpHealthCheckOptions,
  type MicroserviceClient,
  microserviceHealthCheck,
  type MicroserviceHealthCheckOptions,
  tcpHealthCheck,
  type TcpHealthCheckOptions,
} from './health/checks/network.checks.js';
export { diskHealthCheck, eventLoopHealthCheck, memoryHealthCheck } from './health/checks/process.checks.js';
export type { HealthCheck, HealthCheckAnswer, HealthCheckOptions } from './health/health-check.js';
export type { HealthMonitorOptions, LifecyclePhase, HealthLogger } from './health/health.monitor.js';
export type { AlertsInHealthOptions } from './health/checks/monitoring.checks.js';
export type { HealthCheckDefaultsOptions } from './health/health.options.js';
