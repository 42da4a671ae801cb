// The entry point for tests. The rest of the package does not depend on it.
export {
  type ExpectedAlert,
  type RulesTest,
  type RulesTestResult,
  testRules,
} from './testing/rules/test-rules.js';
export { FakeClock } from './testing/fake-clock.js';
export { MetricAssertionError } from './testing/metric-assertion.error.js';
export { expectMetric, type MetricExpectation } from './testing/metric-expectation.js';
export {
  MonitoringTestingModule,
  type MonitoringTestingOptions,
} from './testing/monitoring-testing.module.js';
export {
  type ExpectedRequest,
  expectRequest,
  RequestExpectation,
  type RequestMethods,
  type TestedApplication,
} from './testing/request-expectation.js';
export type { ExpectedLabels } from './testing/matching-series.js';
export { createTestRegistry, type TestRegistry, type TestRegistryOptions } from './testing/test-registry.js';
export { type ObservedMetrics, type TrackedMetrics, trackMetrics } from './testing/tracked-metrics.js';
