import { count, flag, type OptionTable, readOptions, switchedGroup } from '../../options/option-table.js';

/** Options of the error metrics. */
export interface ErrorsOptions {
  /** True if uncaught exceptions, unhandled rejections and warnings of the process are counted. @default true */
  readonly process?: boolean;
  /** True if 5xx responses are counted, by route and class of exception; requires the HTTP metrics. @default true */
  readonly responses?: boolean;
  /** Groups of errors by class and place in the application, and the counter of them by route; or false. @default on */
  readonly records?: ErrorRecordsOptions | boolean;
}

/** Options of the groups of errors. */
export interface ErrorRecordsOptions {
  /** Number of groups that are kept. Beyond it, the group is dropped that has had no error for longest. @default 200 */
  readonly groups?: number;
}

/** The options of {@link ErrorsOptions}, with every default filled in. */
export interface ResolvedErrors {
  readonly process: boolean;
  readonly responses: boolean;
  readonly records: Required<ErrorRecordsOptions> | false;
}

export const ERROR_RECORDS: OptionTable<ErrorRecordsOptions> = { groups: count(200) };
export const ERRORS: OptionTable<ErrorsOptions, ResolvedErrors> = {
  process: flag(true),
  responses: flag(true),
  records: switchedGroup(
    (records: ErrorRecordsOptions | false = {}) =>
      records !== false && readOptions('errors.records', records, ERROR_RECORDS),
  ),
};

/** Checks the options and fills in every default. @throws {MonitoringOptionsError} for invalid options */
export function resolveErrors(errors: ErrorsOptions | false = {}): ResolvedErrors {
  if (errors === false) return { process: false, responses: false, records: false };
  return readOptions('errors', errors, ERRORS);
}
