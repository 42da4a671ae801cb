import { count, type OptionTable, readOptions } from '../../options/option-table.js';

/** Options of the metrics of log messages. */
export interface LogsOptions {
  /** Maximum number of distinct values of the label `context`; further contexts share `other`. @default 200 */
  readonly maxContexts?: number;
}

export const LOGS: OptionTable<LogsOptions> = { maxContexts: count(200) };

/** Checks the options and fills in every default. @throws {MonitoringOptionsError} for invalid options */
export function resolveLogs(logs: LogsOptions | false = {}): Required<LogsOptions> | false {
  return logs !== false && readOptions('logs', logs, LOGS);
}
