import { readdirSync, readFileSync } from 'node:fs';
import type { Counter } from '../../metrics/counter.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ManagedCollector } from '../managed-collector.js';
import { PROCESS_METRICS } from '../../metrics/metric-names.js';

const MICROSECONDS = 1e6;
const KIB = 1024;

/** Lines of `/proc/self/status` with the metric that shows each one and the unit of its value. */
const STATUS_METRICS = [
  { line: 'VmRSS', name: PROCESS_METRICS.residentMemory, help: 'Resident memory size in bytes.', unit: KIB },
  { line: 'VmSize', name: PROCESS_METRICS.virtualMemory, help: 'Virtual memory size in bytes.', unit: KIB },
  { line: 'VmData', name: 'process_heap_bytes', help: 'Size of the data segment in bytes.', unit: KIB },
  { line: 'Threads', name: PROCESS_METRICS.threads, help: 'Number of OS threads in the process.', unit: 1 },
] as const;

/** The options of a value that all threads of the process share. */
const OF_PROCESS = { aggregate: 'process' } as const;

/**
 * A collector of the standard `process_*` metrics. Metrics that the system does not provide are left out. Files of
 * `/proc` are read synchronously, because they are in memory and the thread pool would cost thirty times as much.
 */
export class ProcessCollector implements ManagedCollector {
  readonly name = 'process';
  readonly metricNames: readonly string[];

  private readonly cpu: Counter;
  private readonly userCpu: Counter;
  private readonly systemCpu: Counter;
  private lastCpu = { user: 0, system: 0 };
  private readonly openFds: Gauge | undefined;
  private readonly statusGauges: readonly { pattern: RegExp; unit: number; gauge: Gauge }[];

  constructor(registry: MetricsRegistry) {
    this.cpu = registry.counter(
      PROCESS_METRICS.cpu,
      'User and system CPU time spent, in seconds.',
      OF_PROCESS,
    );
    this.userCpu = registry.counter(PROCESS_METRICS.cpuUser, 'User CPU time spent, in seconds.', OF_PROCESS);
    this.systemCpu = registry.counter(
      PROCESS_METRICS.cpuSystem,
      'System CPU time spent, in seconds.',
      OF_PROCESS,
    );
    for (const counter of [this.cpu, this.userCpu, this.systemCpu]) counter.mirrorsOther();
    registry
      .gauge(PROCESS_METRICS.startTime, 'Start time of the process, in seconds since the Unix epoch.', {
        aggregate: 'min',
      })
      .set(performance.timeOrigin / 1000);
    const status = readProc('status');
    this.statusGauges = STATUS_METRICS.filter(
      ({ line }) => (line === 'VmRSS' && status === '') || status.includes(`\n${line}:`),
    ).map(({ line, name, help, unit }) => ({
      pattern: new RegExp(`^${line}:\\s*(\\d+)`, 'm'),
      unit,
      gauge: registry.gauge(name, help, OF_PROCESS),
    }));
    const maxFds = /^Max open files\s+(\d+)/m.exec(readProc('limits'))?.[1];
    if (maxFds !== undefined) {
      this.openFds = registry.gauge(PROCESS_METRICS.openFds, 'Number of open file descriptors.', OF_PROCESS);
      // The process with the lowest limit reaches it first.
      registry
        .gauge(PROCESS_METRICS.maxFds, 'Maximum number of open file descriptors.', { aggregate: 'min' })
        .set(Number(maxFds));
    }
    this.metricNames = [...this.statusGauges.map(({ gauge }) => gauge.name), PROCESS_METRICS.openFds];
  }

  collect(): void {
    this.collectCpu();
    const status = readProc('status');
    for (const { pattern, unit, gauge } of this.statusGauges) {
      const value = pattern.exec(status)?.[1];
      // Without /proc, resident memory is the only one of these gauges, and Node provides its value.
      gauge.set(value === undefined ? process.memoryUsage.rss() : Number(value) * unit);
    }
    // Minus the descriptor of the directory itself, which is open while it is read.
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

/** Returns the content of a file in `/proc/self`; empty if there is none. */
function readProc(file: string): string {
  try {
    return readFileSync(`/proc/self/${file}`, 'utf8');
  } catch {
    return '';
  }
}
