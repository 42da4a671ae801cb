import type { Clock } from '../../metrics/clock.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { SourceCollector } from '../source.collector.js';
import type { DiskReading, SystemSource } from './system-source.js';
import { Traffic, type TrafficCount } from './traffic.js';

const COUNTS: readonly TrafficCount<DiskReading>[] = [
  {
    name: 'system_disk_read_bytes_total',
    help: 'Bytes read.',
    of: ({ readBytes }) => readBytes,
    rate: {
      name: 'system_disk_read_bytes_per_second',
      help: 'Bytes read a second since the last look, over all disks.',
    },
  },
  {
    name: 'system_disk_written_bytes_total',
    help: 'Bytes written.',
    of: ({ writtenBytes }) => writtenBytes,
    rate: {
      name: 'system_disk_write_bytes_per_second',
      help: 'Bytes written a second since the last look, over all disks.',
    },
  },
  { name: 'system_disk_reads_total', help: 'Reads that were done.', of: ({ reads }) => reads },
  { name: 'system_disk_writes_total', help: 'Writes that were done.', of: ({ writes }) => writes },
  {
    name: 'system_disk_busy_seconds_total',
    help: 'Time in which the disk had something to do.',
    of: ({ busySeconds }) => busySeconds,
  },
];

/** What goes to and from the disks of the machine. */
export class DiskIoCollector implements SourceCollector {
  readonly name = 'system_disk_io';
  readonly metricNames: readonly string[];

  private readonly traffic: Traffic<DiskReading, 'device'>;

  constructor(
    registry: MetricsRegistry,
    private readonly source: SystemSource,
    private readonly clock: Clock,
  ) {
    this.traffic = new Traffic(registry, 'device', ({ device }) => device, COUNTS);
    this.metricNames = this.traffic.metricNames;
  }

  async collect(): Promise<void> {
    const readings = await this.source.disks();
    this.traffic.follow(readings, this.clock.monotonic());
  }
}
