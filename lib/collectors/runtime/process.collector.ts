import { readdirSync, readFileSync } from 'node:fs';
import type { Counter } from '../../metrics/counter.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { SourceCollector } from '../source.collector.js';

const MICROSECONDS = 1e6;
const KIB = 1024;

/** Lines of `/proc/self/status`, in kB or as a count, and the metric that each is. */
const STATUS_METRICS = [
  { line: 'VmRSS', name: 'process_resident_memory_bytes', help: 'Resident memory size in bytes.', unit: KIB },
  { line: 'VmSize', name: 'process_virtual_memory_bytes', help: 'Virtual memory size in bytes.', unit: KIB },
  { line: 'VmData', name: 'process_heap_bytes', help: 'Process heap size in bytes.', unit: KIB },
  { line: 'Threads', name: 'process_threads', help: 'Number of OS threads in the process.', unit: 1 },
] as const;

/**
 * The standard `process_*` metrics. Files of `/proc` are read synchronously: they are in memory, and a trip
 * through the thread pool costs thirty times as much. What the system does not tell is left out.
 */
export class ProcessCollector implements SourceCollector {
  readonly name = 'process';
  readonly metricNames: readonly string[];

  private readonly cpu: Counter;
  private readonly userCpu: Counter;
  private readonly systemCpu: Counter;
  private lastCpu = { user: 0, system: 0 };
  private readonly openFds: Gauge | undefined;
  private readonly ofStatus: readonly { pattern: RegExp; unit: number; gauge: Gauge }[];

  constructor(registry: MetricsRegistry) {
    this.cpu = registry.counter(
      'process_cpu_seconds_total',
      'Total user and system CPU time spent in seconds.',
    );
    this.userCpu = registry.counter(
      'process_cpu_user_seconds_total',
      'Total user CPU time spent in seconds.',
    );
    this.systemCpu = registry.counter(
      'process_cpu_system_seconds_total',
      'Total system CPU time spent in seconds.',
    );
    for (const counter of [this.cpu, this.userCpu, this.systemCpu]) counter.mirrorsOther();
    registry
      .gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.')
      .set(performance.timeOrigin / 1000);
    const status = readProc('status');
    this.ofStatus = STATUS_METRICS.filter(
      ({ line }) => (line === 'VmRSS' && status === '') || status.includes(`\n${line}:`),
    ).map(({ line, name, help, unit }) => ({
      pattern: new RegExp(`^${line}:\\s*(\\d+)`, 'm'),
      unit,
      gauge: registry.gauge(name, help),
    }));
    const maxFds = /^Max open files\s+(\d+)/m.exec(readProc('limits'))?.[1];
    if (maxFds !== undefined) {
      this.openFds = registry.gauge('process_open_fds', 'Number of open file descriptors.');
      registry.gauge('process_max_fds', 'Maximum number of open file descriptors.').set(Number(maxFds));
    }
    this.metricNames = [...this.ofStatus.map(({ gauge }) => gauge.name), 'process_open_fds'];
  }

  collect(): void {
    this.collectCpu();
    const status = readProc('status');
    for (const { pattern, unit, gauge } of this.ofStatus) {
      const found = pattern.exec(status)?.[1];
      // Without /proc there is one figure only, the resident memory, which Node knows itself.
      gauge.set(found === undefined ? process.memoryUsage.rss() : Number(found) * unit);
    }
    // The directory itself is open while it is read.
    this.openFds?.set(readdirSync('/proc/self/fd').length - 1);
  }

  private collectCpu(): void {
    const { user, system } = process.cpuUsage();
    const userSeconds = (user - this.lastCpu.user) / MICROSECONDS;
    const systemSeconds = (system - this.lastCpu.system) / MICROSECONDS;
    this.lastCpu = { user, system };
    this.userCpu.inc(userSeconds);
    this.systemCpu.inc(systemSeconds);
    this.cpu.inc(userSeconds + systemSeconds);
  }
}

/** A file of `/proc/self`; empty where there is none. */
function readProc(file: string): string {
  try {
    return readFileSync(`/proc/self/${file}`, 'utf8');
  } catch {
    return '';
  }
}
