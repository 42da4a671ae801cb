import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Clock } from '../../metrics/clock.js';
import { AtomicFile } from '../../primitives/atomic-file.js';
import { listenToProcess } from '../../primitives/process-listener.js';
import { messageOf } from '../../primitives/error-message.js';
import { Guard } from '../../primitives/guard.js';
import { errorClass } from '../error-class.js';
import { describeError } from '../errors/error-description.js';
import type { ErrorRecords } from '../errors/error-records.js';
import type { CallSites } from './call-sites.js';
import { type CrashError, crashError, crashReportText } from './crash-report.js';
import type { RequestRecords } from './request-records.js';

/** Longest time between an uncaught exception and the exit by which the application answers it, in milliseconds. */
const MAX_EXIT_DELAY_MS = 10_000;

/** The parts of a {@link CrashFile}. */
export interface CrashFileSources {
  readonly records: RequestRecords;
  readonly errors: ErrorRecords;
  readonly sites: CallSites;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
}

/**
 * The file that has the records of a process which an uncaught exception or an unhandled rejection has ended. It is written
 * before the process ends. It changes neither the exit code nor the printed error.
 */
export class CrashFile {
  /** Absolute, since the application may change its working directory. */
  private readonly path: string;
  private readonly file: AtomicFile;
  private readonly guard: Guard;
  private readonly removeListeners: (() => void)[] = [];
  /** The last error that a listener of the application has received, which may end the process itself. */
  private handled: { readonly error: CrashError; readonly time: number } | undefined;

  constructor(
    path: string,
    private readonly sources: CrashFileSources,
  ) {
    this.path = resolve(path);
    this.file = new AtomicFile(this.path, 0o600);
    this.guard = new Guard((error) => this.warnFailure(error));
  }

  /** Starts to listen for the end of the process, and warns in the background of a file that cannot be written. */
  start(): void {
    this.removeListeners.push(
      listenToProcess('uncaughtExceptionMonitor', this.guard, this.onError),
      listenToProcess('exit', this.guard, this.onExit),
    );
    void this.check();
  }

  stop(): void {
    for (const remove of this.removeListeners.splice(0)) remove();
  }

  private readonly onError = (thrown: unknown, origin: NodeJS.UncaughtExceptionOrigin): void => {
    const description = describeError(thrown, errorClass(thrown), this.sources.sites);
    const found = { error: crashError(description, origin), time: this.sources.clock.now() };
    const survives =
      process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
    // An exception that ends the process leaves no other one to write at its exit.
    this.handled = survives ? found : undefined;
    if (!survives) this.write(found.error, found.time);
  };

  /** Writes the file if the application ends the process because of an exception that it has received. */
  private readonly onExit = (code: number): void => {
    if (this.handled === undefined || code === 0) return;
    const { error, time } = this.handled;
    const delay = this.sources.clock.now() - time;
    if (delay <= MAX_EXIT_DELAY_MS) this.write(error, time);
  };

  private write(error: CrashError, time: number): void {
    const { records, errors } = this.sources;
    this.file.writeSync(crashReportText(error, time, records, errors));
  }

  private async check(): Promise<void> {
    try {
      await this.file.cleanUp();
      await access(dirname(this.path), constants.W_OK);
      const found = await stat(this.path).catch(() => undefined);
      if (found !== undefined && !found.isFile()) throw new Error(`${this.path} is not a regular file`);
    } catch (error) {
      this.warnFailure(error);
    }
  }

  private warnFailure(error: unknown): void {
    this.sources.warn(
      `The crash file ${this.path} cannot be written: ${messageOf(error)}. Check \`requests.records.crashFile\`.`,
    );
  }
}
