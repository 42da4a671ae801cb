import { Inject } from '@nestjs/common';
import { MetricDefinitionError } from '../../metrics/errors.js';
import { assertMetricName } from '../../metrics/naming.js';
import type { MetricDeclaration } from './metric-declaration.js';

/**
 * The token of a metric that `MonitoringModule.forFeature()` provides, for factories and tests.
 *
 * @param metric its name, or what declares it
 * @throws {MetricDefinitionError} for what is neither
 */
export function getMetricToken(metric: string | MetricDeclaration): string {
  const name = typeof metric === 'string' ? metric : (metric as Partial<MetricDeclaration> | undefined)?.name;
  if (typeof name !== 'string') {
    throw new MetricDefinitionError(
      `Expected the name of a metric or its declaration, got ${String(metric)} (${typeof metric}).`,
    );
  }
  assertMetricName(name);
  return `monitoring.metric.${name}`;
}

/**
 * Injects a metric that a module has declared with `MonitoringModule.forFeature()`, as a constructor parameter or
 * as a property.
 *
 * @param metric its name, or what declares it
 * @throws {MetricDefinitionError} for what is neither
 */
export function InjectMetric(metric: string | MetricDeclaration): ParameterDecorator & PropertyDecorator {
  return Inject(getMetricToken(metric));
}
