import type { Clock } from '../../metrics/clock.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { withSchedule } from '../schedule.options.js';
import type { ManagedCollector } from '../managed-collector.js';
import { SystemCpuCollector } from './cpu.collector.js';
import { DiskIoCollector } from './disk-io.collector.js';
import { FileSystemsCollector } from './file-systems.collector.js';
import { LinuxSource } from './linux.source.js';
import { SystemMemoryCollector } from './memory.collector.js';
import { NetworkCollector } from './network.collector.js';
import { PortableSource } from './portable.source.js';
import { ProcessesCollector } from './processes.collector.js';
import type { SystemSource } from './system-source.js';
import { type ResolvedSystem, SYSTEM_PARTS, type SystemPart } from './system.options.js';

/** Returns the enabled collectors of the `system_*` metrics. */
export function systemCollectors(
  registry: MetricsRegistry,
  clock: Clock,
  schedules: ResolvedSystem,
  source: SystemSource = systemSource(),
): ManagedCollector[] {
  const make: Record<SystemPart, () => ManagedCollector> = {
    cpu: () => new SystemCpuCollector(registry, source, clock),
    memory: () => new SystemMemoryCollector(registry, source),
    fileSystems: () => new FileSystemsCollector(registry, source),
    network: () => new NetworkCollector(registry, source, clock),
    diskIo: () => new DiskIoCollector(registry, source, clock),
    processes: () => new ProcessesCollector(registry, source),
  };
  return SYSTEM_PARTS.flatMap((part) => {
    const schedule = schedules[part];
    return schedule === false ? [] : [withSchedule(make[part](), schedule)];
  });
}

function systemSource(): SystemSource {
  return process.platform === 'linux' ? new LinuxSource() : new PortableSource();
}
