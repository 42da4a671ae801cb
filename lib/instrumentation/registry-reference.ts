import type { MetricsRegistry } from '../metrics/registry.js';

/**
 * A reference to the registry of one application. Decorated providers are injected with the reference instead of the
 * registry, because the options of the registry may depend on one of those providers.
 */
export class RegistryReference {
  /** The registry; undefined until it has been created, and where monitoring is disabled. */
  registry: MetricsRegistry | undefined;
}
