import { Inject } from '@nestjs/common';
import { describeValue } from '../../options/option-descriptions.js';
import { MetricDefinitionError } from '../../metrics/metric-definition.error.js';
import { assertMetricName } from '../../metrics/naming-rules.js';
import { isDeclaration, type MetricDeclaration } from './metric-declaration.js';

/**
 * Returns the injection token of a metric that `MonitoringModule.forFeature()` provides, for factories and tests.
 *
 * @param metric the name or the declaration of the metric
 * @throws {MetricDefinitionError} for an invalid name, and for any other value
 */
export function getMetricToken(metric: string | MetricDeclaration): string {
  if (typeof metric !== 'string' && !isDeclaration(metric)) {
    throw new MetricDefinitionError(
      `The metric to inject must be a metric name or a declaration, such as that of defineCounter(); got ${describeValue(metric)}.`,
    );
  }
  const name = typeof metric === 'string' ? metric : metric.name;
  assertMetricName(name);
  // Nest shows the token if no module provides it.
  return `metric ${name} of MonitoringModule.forFeature()`;
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
