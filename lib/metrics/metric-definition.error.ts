/** An error in the definition of a metric, a label or a registry, thrown at set-up. */
export class MetricDefinitionError extends Error {
  override readonly name = 'MetricDefinitionError';
}
