import type { FlightRow } from './flight-row.js';

/** The way in which a process ended. */
export type ExitReason =
  /** The application was closed, or the process had nothing left to do, or its exit code was 0. */
  | 'clean'
  /** `process.exit()` with another code. */
  | 'exit_code'
  /** An uncaught exception or an unhandled rejection. */
  | 'exception'
  /** The heap was full: V8 ends the process. */
  | 'heap_limit'
  /** The kernel killed it for lack of memory, usually that of its container. */
  | 'oom_kill'
  /** A signal such as SIGTERM, which did not close the application. */
  | 'signal'
  /** It ended at once: SIGKILL, `abort()`, or an error of native code. */
  | 'killed'
  /** The machine stopped, or a part of the file was lost. */
  | 'power_loss'
  /** It still runs; this process records into another file. */
  | 'running'
  /** There is no predecessor. */
  | 'none'
  /** There was one, but nothing of it can be read. */
  | 'unknown';

/** The end of the predecessor of this process. */
export interface ExitReport {
  readonly reason: ExitReason;
  /** The reason in a sentence. */
  readonly details: string;
  /** True if it ended by itself, or has not ended. */
  readonly isClean: boolean;
  /** Last sign of life, in milliseconds since the Unix epoch. */
  readonly time?: number;
  /** Exit code, if it is known. */
  readonly exitCode?: number;
  /** Signal, if it is known. */
  readonly signal?: string;
  readonly pid?: number;
  /** Start of that process, in milliseconds since the Unix epoch. */
  readonly startedAt?: number;
  /** Version of the application, if it is known. */
  readonly version?: string;
  /** Version of Node.js. */
  readonly node?: string;
  /** The error that ended it. */
  readonly error?: { readonly error: string; readonly site: string; readonly origin: string };
  readonly heapLimitBytes?: number;
  /** Memory limit of its control group, if it had one. */
  readonly memoryLimitBytes?: number;
  /** The last minute of that process, the oldest second first. */
  readonly rows: readonly FlightRow[];
}

/** A source of the end of the predecessor. */
export interface ExitSource {
  /** Path of the file that this process records into; undefined if it does not record. */
  readonly path: string | undefined;
  /** Undefined until it is known. */
  readonly report: ExitReport | undefined;
}

/**
 * The end of the process before this one, as the flight recorder saw it.
 *
 * ```ts
 * constructor(private readonly lastExit: LastExit) {}
 * if (this.lastExit.get()?.reason === 'oom_kill') …
 * ```
 */
export class LastExit {
  /** @internal */
  constructor(private readonly source?: ExitSource) {}

  /** True if the option `diagnostics.flightRecorder` is set. */
  get enabled(): boolean {
    return this.source !== undefined;
  }

  /** Path of the file that this process records into; undefined if it does not record. */
  get file(): string | undefined {
    return this.source?.path;
  }

  /**
   * Returns the end of the predecessor; undefined if the flight recorder is off, or it is not known yet: it is known 100 ms
   * after the start, or three seconds after it if the predecessor may still run.
   */
  get(): ExitReport | undefined {
    return this.source?.report;
  }
}
