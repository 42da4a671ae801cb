import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { OptionalGauge } from '../optional-gauge.js';
import type { SourceCollector } from '../source.collector.js';
import type { FileSystemReading, SystemSource } from './system-source.js';

/** Of so many, by the order of their paths, the sizes are told. */
const SHOWN_FILE_SYSTEMS = 50;

/** What a file system is asked for; each is a metric `system_disk_<name>{mount}`. */
const FIGURES = [
  { name: 'total_bytes', help: 'Size of the file system.', of: ({ total }: FileSystemReading) => total },
  { name: 'used_bytes', help: 'Space that is taken.', of: ({ used }: FileSystemReading) => used },
  {
    name: 'free_bytes',
    help: 'Space that is left for processes without special rights.',
    of: ({ free }: FileSystemReading) => free,
  },
  {
    name: 'percent',
    help: 'Space that is taken, in percent of what processes without special rights may take.',
    of: ({ used, free }: FileSystemReading) => (used / (used + free)) * 100,
  },
  {
    name: 'inodes_percent',
    help: 'Inodes that are taken, in percent: without a free one there can be no further file.',
    of: ({ inodes }: FileSystemReading) => inodes && (inodes.used / inodes.total) * 100,
  },
] as const;

/** How full the disks are, by mount point. */
export class FileSystemsCollector implements SourceCollector {
  readonly name = 'system_file_systems';
  readonly metricNames: readonly string[];

  private readonly count: OptionalGauge;
  private readonly figures: readonly {
    readonly gauge: Gauge<'mount'>;
    readonly of: (reading: FileSystemReading) => number | undefined;
  }[];

  constructor(
    registry: MetricsRegistry,
    private readonly source: SystemSource,
  ) {
    this.count = new OptionalGauge(
      registry,
      'system_file_systems',
      `Number of file systems on disks; the sizes of the first ${SHOWN_FILE_SYSTEMS} are told.`,
    );
    this.figures = FIGURES.map(({ name, help, of }) => ({
      gauge: registry.gauge(`system_disk_${name}`, help, { labelNames: ['mount'] }),
      of,
    }));
    this.metricNames = [this.count.name, ...this.figures.map(({ gauge }) => gauge.name)];
  }

  async collect(signal: AbortSignal): Promise<void> {
    const readings = await this.source.fileSystems(signal);
    this.count.set(readings.length);
    for (const { gauge, of } of this.figures) {
      // One that is not mounted any more has no series.
      gauge.reset();
      for (const reading of readings.slice(0, SHOWN_FILE_SYSTEMS)) {
        const value = of(reading);
        if (value !== undefined && Number.isFinite(value)) gauge.set({ mount: reading.mount }, value);
      }
    }
  }
}
