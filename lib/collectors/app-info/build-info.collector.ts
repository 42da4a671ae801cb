import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ManagedCollector } from '../managed-collector.js';
import type { ApplicationBuild } from './application-build.js';
import { LIBRARY_VERSION } from '../../primitives/library-version.js';

/** A collector of the versions of the application and of this library, as labels of gauges that are always 1. */
export class BuildInfoCollector implements ManagedCollector {
  readonly name = 'build_info';
  readonly metricNames: readonly string[];
  private readonly known: readonly { gauge: Gauge<string>; labels: Readonly<Record<string, string>> }[];

  constructor(registry: MetricsRegistry, application: ApplicationBuild) {
    const infos = [
      {
        name: 'monitoring_build_info',
        help: 'Versions of nestjs-monitoring and Node.js, as labels of a constant 1.',
        labels: { version: LIBRARY_VERSION, node_version: process.version },
      },
      {
        name: 'application_build_info',
        help: 'Name, version and revision of the application, as labels of a constant 1.',
        labels: { ...application },
      },
    ];
    this.known = infos
      .filter(({ labels }) => Object.keys(labels).length > 0)
      .map(({ name, help, labels }) => ({
        gauge: registry.gauge(name, help, { labelNames: Object.keys(labels), aggregate: 'shared' }),
        labels,
      }));
    this.metricNames = this.known.map(({ gauge }) => gauge.name);
  }

  collect(): void {
    for (const { gauge, labels } of this.known) gauge.set(labels, 1);
  }
}
