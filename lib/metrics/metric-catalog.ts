import { MetricDefinitionError } from './metric-definition.error.js';
import { describeMetric } from './metric-definition.js';
import type { Metric } from './metric.js';
import { claimedNames, type MetricType } from './naming-rules.js';

/** The metrics of a registry by name, in the order of their creation. No two of them share a name in an exposition. */
export class MetricCatalog<M extends Metric> {
  private readonly metrics = new Map<string, M>();
  /** The owner of each name in an exposition. */
  private readonly claims = new Map<string, M>();

  get(name: string): M | undefined {
    return this.metrics.get(name);
  }

  all(): M[] {
    return [...this.metrics.values()];
  }

  /**
   * Checks that a new metric would share no name with another one.
   *
   * @param owner kind and name of the new metric, for the error
   * @throws {MetricDefinitionError} an error that names the other metric
   */
  assertFree(owner: string, name: string, type: MetricType): void {
    for (const claim of claimedNames(name, type)) {
      const other = this.claims.get(claim);
      if (other === undefined) continue;
      throw new MetricDefinitionError(
        `${owner} conflicts with ${describeMetric(other)}: both are exposed as "${claim}". Rename one of them.`,
      );
    }
  }

  add(metric: M): void {
    for (const claim of claimedNames(metric.name, metric.type)) this.claims.set(claim, metric);
    this.metrics.set(metric.name, metric);
  }

  /** Removes a metric and frees its names. @returns false if there was none */
  remove(name: string): boolean {
    const metric = this.metrics.get(name);
    if (metric === undefined) return false;
    this.metrics.delete(name);
    for (const claim of claimedNames(name, metric.type)) this.claims.delete(claim);
    return true;
  }
}
