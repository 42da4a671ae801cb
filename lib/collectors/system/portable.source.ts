import { cpus, loadavg } from 'node:os';
import { findPackage } from '../../primitives/optional-package.js';
import type {
  CpuReading,
  DiskReading,
  FileSystemReading,
  MemoryReading,
  NetworkReading,
  ProcessesReading,
  SystemSource,
} from './system-source.js';

type SystemInformation = typeof import('systeminformation');

const MILLISECONDS = 1000;

/**
 * The system source of platforms without `/proc`, such as macOS and Windows. It reads values from Node, and
 * the rest from `systeminformation`, which is loaded on first use.
 */
export class PortableSource implements SystemSource {
  private loading: Promise<SystemInformation> | undefined;

  constructor(private readonly platform: NodeJS.Platform = process.platform) {}

  cpu(): CpuReading | undefined {
    const processors = cpus();
    if (processors.length === 0) return undefined;
    const secondsOf = (mode: keyof (typeof processors)[number]['times']) =>
      processors.reduce((sum, { times }) => sum + times[mode], 0) / MILLISECONDS;
    const [one = 0, five = 0, fifteen = 0] = loadavg();
    return {
      secondsByMode: {
        user: secondsOf('user'),
        nice: secondsOf('nice'),
        system: secondsOf('sys'),
        idle: secondsOf('idle'),
        irq: secondsOf('irq'),
      },
      cpus: processors.length,
      // Windows has no load average, and Node returns zeros for it.
      ...(this.platform !== 'win32' && { load: [one, five, fifteen] }),
    };
  }

  async memory(): Promise<MemoryReading | undefined> {
    const { total, available, swaptotal, swapused } = await (await this.load()).mem();
    if (!(total > 0) || !(available >= 0)) return undefined;
    return {
      total,
      used: total - available,
      ...(swaptotal >= 0 && swapused >= 0 && { swap: { total: swaptotal, used: swapused } }),
    };
  }

  async fileSystems(): Promise<FileSystemReading[]> {
    const all = await (await this.load()).fsSize();
    return all
      .filter(({ fs, size }) => size > 0 && (fs.startsWith('/dev/') || /^[A-Z]:/.test(fs)))
      .map(({ mount, size, used, available }) => ({ mount, total: size, used, free: available }));
  }

  async networks(): Promise<NetworkReading[]> {
    const all = await (await this.load()).networkStats();
    return all
      .filter(({ rx_bytes: received, tx_bytes: transmitted }) => received >= 0 && transmitted >= 0)
      .map((stats) => ({
        interface: stats.iface,
        receivedBytes: stats.rx_bytes,
        transmittedBytes: stats.tx_bytes,
        receiveErrors: stats.rx_errors,
        transmitErrors: stats.tx_errors,
        receiveDrops: stats.rx_dropped,
        transmitDrops: stats.tx_dropped,
      }));
  }

  async disks(): Promise<DiskReading[]> {
    // Null on Windows, which has no such counters.
    const stats = (await (await this.load()).fsStats()) as { rx: number; wx: number } | null;
    if (!stats || !Number.isFinite(stats.rx) || !Number.isFinite(stats.wx)) return [];
    return [{ device: 'all', readBytes: stats.rx, writtenBytes: stats.wx }];
  }

  async processes(): Promise<ProcessesReading | undefined> {
    const { all } = await (await this.load()).processes();
    return all > 0 ? { processes: all } : undefined;
  }

  private load(): Promise<SystemInformation> {
    return (this.loading ??= loadSystemInformation());
  }
}

/** Imports the package on first use, since Linux does not need it. */
async function loadSystemInformation(): Promise<SystemInformation> {
  const module = await findPackage<SystemInformation & { readonly default?: SystemInformation }>(
    'systeminformation',
  );
  if (module === undefined) throw new Error('The package systeminformation is missing; run npm install.');
  return module.default ?? module;
}
