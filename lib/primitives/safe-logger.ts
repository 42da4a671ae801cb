import { Guard } from './guard.js';

/** A logger with any of the methods that are called. */
interface AnyLogger {
  log?(message: string): unknown;
  warn?(message: string): unknown;
  error?(message: string, stack?: string): unknown;
}

/** There is nowhere left to say that nothing can be said. */
const SILENT = new Guard(() => undefined);

/**
 * A logger whose methods never throw and never leave a rejection behind, whatever the given one does. A message of
 * ours may come from the middle of the work of the application, which must not end with it.
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
