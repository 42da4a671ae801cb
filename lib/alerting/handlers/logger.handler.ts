import type { AlertNotification, NotificationHandler } from '../notifications/notification.js';

/** Where alerts are logged; the `Logger` of Nest fits. */
export interface AlertLogger {
  /** A critical alert that fires. */
  error(message: string): void;
  /** A warning that fires. */
  warn(message: string): void;
  /** All else, and what is over. */
  log(message: string): void;
}

/** Logs alerts: a critical one as an error, a warning as such, all else and what is over as a message. */
export class LoggerAlertHandler implements NotificationHandler {
  readonly name = 'logger';

  /** @param logger such as `new Logger('Alerts')` of `@nestjs/common` */
  constructor(private readonly logger: AlertLogger) {}

  notify({ alerts }: AlertNotification): void {
    for (const { rule, state, severity, message } of alerts) {
      const text = `${rule} ${state}: ${message}`;
      if (state === 'resolved' || severity === 'info') this.logger.log(text);
      else if (severity === 'critical') this.logger.error(text);
      else this.logger.warn(text);
    }
  }
}
