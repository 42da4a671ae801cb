/** The time that processors have spent since the machine or the container began. */
export interface CpuReading {
  /** Seconds by what was done in them, over all processors; as far as the system tells. */
  readonly secondsByMode: Readonly<Record<string, number>>;
  /** How many processors there are. */
  readonly cpus: number;
  /** The limit that is on this process and its neighbours, if there is one. */
  readonly limit?: CpuLimit;
  /** Runnable processes on average over the last 1, 5 and 15 minutes. */
  readonly load?: readonly [number, number, number];
}

/** What a control group may have of the processors, and what it had so far. */
export interface CpuLimit {
  /** How many processors' worth of time. */
  readonly cores: number;
  readonly usedSeconds: number;
  /** Periods in which the limit was in force, those in which it was hit, and the seconds waited for it. */
  readonly throttling?: {
    readonly periods: number;
    readonly throttledPeriods: number;
    readonly throttledSeconds: number;
  };
}

/** Memory in bytes: of the container if it is limited, of the machine otherwise. */
export interface MemoryReading {
  readonly total: number;
  /** What cannot be had back without ending something: caches that can be dropped are not in it. */
  readonly used: number;
  /** The limit of the container, if there is one. */
  readonly limit?: number;
  readonly swap?: { readonly total: number; readonly used: number };
  /** Processes that were killed for want of memory since the container or the machine began. */
  readonly oomKills?: number;
}

/** A file system on a disk, in bytes. */
export interface FileSystemReading {
  readonly mount: string;
  readonly total: number;
  readonly used: number;
  /** What is left for processes without special rights. */
  readonly free: number;
  readonly inodes?: { readonly total: number; readonly used: number };
}

/** What has gone through a network interface since it is there. */
export interface NetworkReading {
  readonly interface: string;
  readonly receivedBytes: number;
  readonly transmittedBytes: number;
  readonly receiveErrors: number;
  readonly transmitErrors: number;
  readonly receiveDrops: number;
  readonly transmitDrops: number;
}

/** What has gone to and from a disk since the machine began; `all` where they cannot be told apart. */
export interface DiskReading {
  readonly device: string;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly reads?: number;
  readonly writes?: number;
  /** Seconds in which it was busy. */
  readonly busySeconds?: number;
}

/** How many processes there are, and threads in them. */
export interface ProcessesReading {
  readonly processes: number;
  readonly threads?: number;
}

/**
 * Where the figures of the system come from. What cannot be measured is missing in a reading or, if it is all of
 * it, undefined.
 */
export interface SystemSource {
  cpu(): CpuReading | undefined;
  memory(): MemoryReading | undefined | Promise<MemoryReading | undefined>;
  /** @param signal ends the work midway when it is aborted */
  fileSystems(signal: AbortSignal): Promise<readonly FileSystemReading[]>;
  networks(): readonly NetworkReading[] | Promise<readonly NetworkReading[]>;
  disks(): readonly DiskReading[] | Promise<readonly DiskReading[]>;
  processes(): ProcessesReading | undefined | Promise<ProcessesReading | undefined>;
}
