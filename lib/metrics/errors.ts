/** Thrown at set-up when a metric, a label or a registry option is defined in a way that cannot work. */
export class MetricDefinitionError extends Error {
  override readonly name = 'MetricDefinitionError';
}
