import { MonitoringOptionsError } from '../../options/option-checks.js';

/** An option and its owner, such as `condition.all[0] of the alert rule "x"`. */
const OPTION_OF = /^([\w$.[\]]+) of (.*)$/s;

/**
 * Returns the description of a member of an option for error messages: the member `metric` of
 * `condition of the alert rule "x"` is `condition.metric of the alert rule "x"`.
 */
export function optionOf(owner: string, key: string): string {
  const [, path, rest] = OPTION_OF.exec(owner) ?? [];
  if (path === undefined) return `${key} of ${owner}`;
  return `${path}${key.startsWith('[') ? '' : '.'}${key} of ${rest}`;
}

/** Returns the error of an option: its description as the subject, followed by the predicate. */
export function optionError(option: string, predicate: string): MonitoringOptionsError {
  const [, path, rest] = OPTION_OF.exec(option) ?? [];
  const subject =
    path === undefined ? option.replace(/^\w/, (letter) => letter.toUpperCase()) : `\`${path}\` of ${rest}`;
  return new MonitoringOptionsError(`${subject} ${predicate}`);
}
