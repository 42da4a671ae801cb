import { booleanOf, expectKeys } from '../../options/option-checks.js';

/** Which errors are counted. */
export interface ErrorsOptions {
  /** Uncaught exceptions, unhandled rejections and warnings of the process. @default true */
  readonly process?: boolean;
  /** Responses of 5xx, by route and class of exception; needs the request metrics. @default true */
  readonly responses?: boolean;
}

/** @throws {MonitoringOptionsError} */
export function resolveErrors(errors: ErrorsOptions | false = {}): Required<ErrorsOptions> {
  if (errors === false) return { process: false, responses: false };
  expectKeys('errors', errors, ['process', 'responses']);
  return {
    process: booleanOf('errors.process', errors.process, true),
    responses: booleanOf('errors.responses', errors.responses, true),
  };
}
