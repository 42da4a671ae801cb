import { flag, type OptionTable, readOptions } from '../../options/option-table.js';

/** Options of the error metrics. */
export interface ErrorsOptions {
  /** True if uncaught exceptions, unhandled rejections and warnings of the process are counted. @default true */
  readonly process?: boolean;
  /** True if 5xx responses are counted, by route and class of exception; requires the HTTP metrics. @default true */
  readonly responses?: boolean;
}

export const ERRORS: OptionTable<ErrorsOptions> = { process: flag(true), responses: flag(true) };

/** Checks the options and fills in every default. @throws {MonitoringOptionsError} for invalid options */
export function resolveErrors(errors: ErrorsOptions | false = {}): Required<ErrorsOptions> {
  if (errors === false) return { process: false, responses: false };
  return readOptions('errors', errors, ERRORS);
}
