/** Processors and their time since the start of the machine or container. */
export interface CpuReading {
  /** CPU time in seconds by mode, over all processors, for the modes that the system reports. */
  readonly secondsByMode: Readonly<Record<string, number>>;
  /** Number of processors. */
  readonly cpus: number;
  /** CPU limit of the control group of this process, if there is one. */
  readonly limit?: CpuLimit;
  /** Average number of runnable processes over the last 1, 5 and 15 minutes. */
  readonly load?: readonly [number, number, number];
}

/** CPU limit and usage of a control group. */
export interface CpuLimit {
  /** Limit in processors. */
  readonly cores: number;
  readonly usedSeconds: number;
  /** Periods in which the limit applied, those in which it was reached, and the time throttled. */
  readonly throttling?: {
    readonly periods: number;
    readonly throttledPeriods: number;
    readonly throttledSeconds: number;
  };
}

/** Memory in bytes: of the container if it is limited, else of the machine. */
export interface MemoryReading {
  readonly total: number;
  /** Memory in use, without reclaimable caches. */
  readonly used: number;
  /** Limit of the container, if there is one. */
  readonly limit?: number;
  readonly swap?: { readonly total: number; readonly used: number };
  /** Processes killed because memory ran out, since the start of the container or machine. */
  readonly oomKills?: number;
}

/** A file system on a disk, in bytes. */
export interface FileSystemReading {
  readonly mount: string;
  readonly total: number;
  readonly used: number;
  /** Free space for unprivileged processes. */
  readonly free: number;
  readonly inodes?: { readonly total: number; readonly used: number };
}

/** Traffic of a network interface since it was created. */
export interface NetworkReading {
  readonly interface: string;
  readonly receivedBytes: number;
  readonly transmittedBytes: number;
  readonly receiveErrors: number;
  readonly transmitErrors: number;
  readonly receiveDrops: number;
  readonly transmitDrops: number;
}

/** Reads and writes of a disk since the machine started; the device is `all` if disks cannot be distinguished. */
export interface DiskReading {
  readonly device: string;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly reads?: number;
  readonly writes?: number;
  /** Time that the disk was busy, in seconds. */
  readonly busySeconds?: number;
}

/** Number of processes and of threads in them. */
export interface ProcessesReading {
  readonly processes: number;
  readonly threads?: number;
}

/**
 * A source of system readings. A value that cannot be measured is absent from its reading; a reading without any value
 * is undefined.
 */
export interface SystemSource {
  cpu(): CpuReading | undefined;
  memory(): MemoryReading | undefined | Promise<MemoryReading | undefined>;
  /** @param signal aborts the reading midway */
  fileSystems(signal: AbortSignal): Promise<readonly FileSystemReading[]>;
  networks(): readonly NetworkReading[] | Promise<readonly NetworkReading[]>;
  disks(): readonly DiskReading[] | Promise<readonly DiskReading[]>;
  processes(): ProcessesReading | undefined | Promise<ProcessesReading | undefined>;
}
