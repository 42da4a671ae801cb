import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { OptionalGauge } from '../optional-gauge.js';
import type { ManagedCollector } from '../managed-collector.js';
import type { FileSystemReading, SystemSource } from './system-source.js';
import { SHARED } from './machine-metric.js';

/** Maximum number of file systems with series, in the order of their paths. */
const SHOWN_FILE_SYSTEMS = 50;

/** Definitions of the gauges `system_disk_<name>{mount}`. */
const GAUGES = [
  { name: 'total_bytes', help: 'Size of the file system.', valueOf: ({ total }: FileSystemReading) => total },
  { name: 'used_bytes', help: 'Used space.', valueOf: ({ used }: FileSystemReading) => used },
  {
    name: 'free_bytes',
    help: 'Free space for unprivileged processes.',
    valueOf: ({ free }: FileSystemReading) => free,
  },
  {
    name: 'percent',
    help: 'Used space, in percent of the space available to unprivileged processes.',
    valueOf: ({ used, free }: FileSystemReading) => (used / (used + free)) * 100,
  },
  {
    name: 'inodes_percent',
    help: 'Used inodes, in percent; at 100 no file can be created.',
    valueOf: ({ inodes }: FileSystemReading) => inodes && (inodes.used / inodes.total) * 100,
  },
] as const;

/** A collector of the usage of file systems on disks, by mount point. */
export class FileSystemsCollector implements ManagedCollector {
  readonly name = 'system_file_systems';
  readonly metricNames: readonly string[];

  private readonly count: OptionalGauge;
  private readonly gauges: readonly {
    readonly gauge: Gauge<'mount'>;
    readonly valueOf: (reading: FileSystemReading) => number | undefined;
  }[];

  constructor(
    registry: MetricsRegistry,
    private readonly source: SystemSource,
  ) {
    this.count = new OptionalGauge(
      registry,
      'system_file_systems',
      `Number of file systems on disks; only the first ${SHOWN_FILE_SYSTEMS} have series of their own.`,
      SHARED,
    );
    this.gauges = GAUGES.map(({ name, help, valueOf }) => ({
      gauge: registry.gauge(`system_disk_${name}`, help, { ...SHARED, labelNames: ['mount'] }),
      valueOf,
    }));
    this.metricNames = [this.count.name, ...this.gauges.map(({ gauge }) => gauge.name)];
  }

  async collect(signal: AbortSignal): Promise<void> {
    const readings = await this.source.fileSystems(signal);
    this.count.set(readings.length);
    for (const { gauge, valueOf } of this.gauges) {
      // An unmounted file system has no series.
      gauge.reset();
      for (const reading of readings.slice(0, SHOWN_FILE_SYSTEMS)) {
        const value = valueOf(reading);
        if (value !== undefined && Number.isFinite(value)) gauge.set({ mount: reading.mount }, value);
      }
    }
  }
}
