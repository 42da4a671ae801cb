import { Inject } from '@nestjs/common';
import { MetricDefinitionError } from '../../metrics/errors.js';
import { assertMetricName } from '../../metrics/naming.js';
import type { MetricDeclaration } from './metric-declaration.js';

/**
 * Returns the injection token of a metric that `MonitoringModule.forFeature()` provides, for factories and tests.
 *
 * @param metric the name or the declaration of the metric
 * @throws {MetricDefinitionError} for an invalid name, and for any other value
 */
export function getMetricToken(metric: string | MetricDeclaration): string {
  const name = typeof metric === 'string' ? metric : (metric as Partial<MetricDeclaration> | undefined)?.name;
  if (typeof name !== 'string') {
    throw new MetricDefinitionError(
      `The metric to inject must be a metric name or a declaration, such as that of defineCounter(); got ${String(metric)} (${typeof metric}).`,
    );
  }
  assertMetricName(name);
  return `monitoring.metric.${name}`;
}

/**
 * Injects a metric that a module declares with `MonitoringModule.forFeature()`, into a constructor parameter or a
 * property.
 *
 * @param metric the name or the declaration of the metric
 * @throws {MetricDefinitionError} for an invalid name, and for any other value
 */
export function InjectMetric(metric: string | MetricDeclaration): ParameterDecorator & PropertyDecorator {
  return Inject(getMetricToken(metric));
}
