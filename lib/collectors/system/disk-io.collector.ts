import type { Clock } from '../../metrics/clock.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ManagedCollector } from '../managed-collector.js';
import type { DiskReading, SystemSource } from './system-source.js';
import { type DeviceCount, DeviceTraffic } from './device-traffic.js';
import { SYSTEM_METRICS } from '../../metrics/metric-names.js';

const COUNTS: readonly DeviceCount<DiskReading>[] = [
  {
    name: 'system_disk_read_bytes_total',
    help: 'Bytes read.',
    valueOf: ({ readBytes }) => readBytes,
    rate: {
      name: SYSTEM_METRICS.diskRead,
      help: 'Bytes read per second since the last reading, over all disks.',
    },
  },
  {
    name: 'system_disk_written_bytes_total',
    help: 'Bytes written.',
    valueOf: ({ writtenBytes }) => writtenBytes,
    rate: {
      name: SYSTEM_METRICS.diskWrite,
      help: 'Bytes written per second since the last reading, over all disks.',
    },
  },
  { name: 'system_disk_reads_total', help: 'Completed reads.', valueOf: ({ reads }) => reads },
  { name: 'system_disk_writes_total', help: 'Completed writes.', valueOf: ({ writes }) => writes },
  {
    name: 'system_disk_busy_seconds_total',
    help: 'Time that the disk was busy.',
    valueOf: ({ busySeconds }) => busySeconds,
  },
];

/** A collector of the reads and writes of the disks of the machine. */
export class DiskIoCollector implements ManagedCollector {
  readonly name = 'system_disk_io';
  readonly metricNames: readonly string[];

  private readonly traffic: DeviceTraffic<DiskReading, 'device'>;

  constructor(
    registry: MetricsRegistry,
    private readonly source: SystemSource,
    private readonly clock: Clock,
  ) {
    this.traffic = new DeviceTraffic(registry, 'device', ({ device }) => device, COUNTS);
    this.metricNames = this.traffic.metricNames;
  }

  async collect(): Promise<void> {
    const readings = await this.source.disks();
    this.traffic.update(readings, this.clock.monotonic());
  }
}
