import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ManagedCollector } from '../managed-collector.js';

/** A collector of the version of Node.js, as labels of a gauge that is always 1. */
export class NodeVersionCollector implements ManagedCollector {
  readonly name = 'node_version';
  readonly metricNames = ['nodejs_version_info'];

  private readonly info: Gauge<'version' | 'major' | 'minor' | 'patch'>;

  constructor(registry: MetricsRegistry) {
    this.info = registry.gauge('nodejs_version_info', 'Version of Node.js, as labels of a constant 1.', {
      aggregate: 'shared',
      labelNames: ['version', 'major', 'minor', 'patch'],
    });
  }

  collect(): void {
    const [major = '', minor = '', patch = ''] = process.versions.node.split('.');
    this.info.set({ version: process.version, major, minor, patch }, 1);
  }
}
