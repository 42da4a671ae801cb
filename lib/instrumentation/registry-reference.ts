import type { MetricsRegistry } from '../metrics/registry.js';

/**
 * Where the instances of one application find its registry, once there is one. They are given this instead of the
 * registry, since the options of the registry may depend on one of them.
 */
export class RegistryReference {
  /** Not set before the registry is made, nor if monitoring is disabled. */
  registry: MetricsRegistry | undefined;
}
