import { Logger } from '@nestjs/common';
import { LoggerAlertHandler } from 'nestjs-monitoring/alerting';

const logger = new Logger('Alerts');

/** Shows alerts where the application runs, also that they are over: of messages it shows nothing else. */
export const alertLog = new LoggerAlertHandler({
  error: (message) => logger.error(message),
  warn: (message) => logger.warn(message),
  log: (message) => logger.warn(message),
});
