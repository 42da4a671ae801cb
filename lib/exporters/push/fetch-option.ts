import { expectOption } from '../../options/option-checks.js';
import type { PushFetch } from './http-exchange.js';

/**
 * Returns the function that sends requests: the given one, or the global `fetch`. The latter is looked up per request,
 * so that a replacement by the application takes effect.
 *
 * @throws {MonitoringOptionsError} if the given value is not a function
 */
export function fetchOf(option: string, given: PushFetch | undefined): PushFetch {
  const valid = given === undefined || typeof given === 'function';
  expectOption(option, given, 'a function like fetch', valid);
  return given ?? ((url, init) => fetch(url, init));
}
