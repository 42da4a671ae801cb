import { messageWithCause } from '../alert.js';
import { expectOption } from '../../options/option-checks.js';
import { escapeControls } from '../../primitives/escape-controls.js';
import type { AlertNotification, NotificationHandler } from '../notifications/notification.js';

/** A logger of alerts, such as the `Logger` of Nest. */
export interface AlertLogger {
  /** Logs a firing critical alert. */
  error(message: string): void;
  /** Logs a firing warning. */
  warn(message: string): void;
  /** Logs a resolved alert, or a firing one of severity `info`. */
  log(message: string): void;
}

/** An alert handler that writes to a logger, at the level of the severity. */
export class LoggerAlertHandler implements NotificationHandler {
  readonly name = 'logger';

  /**
   * @param logger a logger such as `new Logger('Alerts')` of `@nestjs/common`
   * @throws {MonitoringOptionsError} if it is not a logger
   */
  constructor(private readonly logger: AlertLogger) {
    const isLogger = (['error', 'warn', 'log'] as const).every(
      (level) => typeof (logger as Partial<AlertLogger> | undefined)?.[level] === 'function',
    );
    expectOption(
      'the logger of LoggerAlertHandler',
      logger,
      'an object with error(), warn() and log()',
      isLogger,
    );
  }

  notify({ alerts }: AlertNotification): void {
    for (const alert of alerts) {
      const { rule, state, severity } = alert;
      const text = escapeControls(`${rule} ${state}: ${messageWithCause(alert, '; cause: ')}`);
      if (state === 'resolved' || severity === 'info') this.logger.log(text);
      else if (severity === 'critical') this.logger.error(text);
      else this.logger.warn(text);
    }
  }
}
