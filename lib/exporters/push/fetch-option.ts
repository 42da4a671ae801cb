import { expectOption } from '../../options/option-checks.js';
import type { PushFetch } from './http-answer.js';

/**
 * Returns the function that sends requests: the given one, or that of Node, looked up at each request, so that what
 * the application puts in its place is used.
 *
 * @throws {MonitoringOptionsError} if the value is given and is no function
 */
export function fetchOf(option: string, given: PushFetch | undefined): PushFetch {
  const valid = given === undefined || typeof given === 'function';
  expectOption(option, given, 'a function like fetch', valid);
  return given ?? ((url, init) => fetch(url, init));
}
