import { escapeControls, escapeControlsOfLines } from './escape-controls.js';
import { Guard } from './guard.js';
import { redactSecrets } from './redact.js';

/** A logger that has some of the methods. */
interface AnyLogger {
  debug?(message: string): unknown;
  log?(message: string): unknown;
  warn?(message: string): unknown;
  error?(message: string, stack?: string): unknown;
}

/** The guard for errors of the logger, which have nowhere to go. */
const SILENT = new Guard(() => undefined);

/**
 * A wrapper of a logger whose methods never throw and leave no unhandled rejection, since this library may log within a
 * call of the application. Messages may contain text from outside: their secrets are hidden, and their control characters
 * escaped.
 */
export class SafeLogger {
  constructor(private readonly logger: AnyLogger) {}

  debug(message: string): void {
    SILENT.call(() => this.logger.debug?.(lineOf(message)));
  }

  log(message: string): void {
    SILENT.call(() => this.logger.log?.(lineOf(message)));
  }

  warn(message: string): void {
    SILENT.call(() => this.logger.warn?.(lineOf(message)));
  }

  error(message: string, stack?: string): void {
    SILENT.call(() =>
      stack === undefined
        ? this.logger.error?.(lineOf(message))
        : this.logger.error?.(lineOf(message), escapeControlsOfLines(redactSecrets(stack))),
    );
  }
}

function lineOf(message: string): string {
  return escapeControls(redactSecrets(message));
}
