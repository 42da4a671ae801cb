import { Guard } from './guard.js';

/** A logger that has some of the methods. */
interface AnyLogger {
  log?(message: string): unknown;
  warn?(message: string): unknown;
  error?(message: string, stack?: string): unknown;
}

/** The guard for errors of the logger, which have nowhere to go. */
const SILENT = new Guard(() => undefined);

/**
 * A wrapper of a logger whose methods never throw and leave no unhandled rejection, since this library may log within a
 * call of the application.
 */
export class SafeLogger {
  constructor(private readonly logger: AnyLogger) {}

  log(message: string): void {
    SILENT.call(() => this.logger.log?.(message));
  }

  warn(message: string): void {
    SILENT.call(() => this.logger.warn?.(message));
  }

  error(message: string, stack?: string): void {
    SILENT.call(() =>
      stack === undefined ? this.logger.error?.(message) : this.logger.error?.(message, stack),
    );
  }
}
