import { expectKeys, expectOption } from '../options/option-checks.js';
import type { IsLeader } from './leadership.js';

/** Options of `@MetricsCollector()` and `BusinessMetrics`. */
export interface BusinessOptions {
  /**
   * Function that returns true in the one replica that runs what is `leaderOnly`. It is called before every run, within
   * the time limit of the run; if it fails, the run has failed.
   * @default with the option `cluster`, true in the worker that leads; otherwise always true
   */
  readonly isLeader?: IsLeader;
}

/** @throws {MonitoringOptionsError} */
export function resolveBusiness(business: BusinessOptions = {}): BusinessOptions {
  expectKeys('business', business, ['isLeader']);
  const { isLeader } = business;
  const valid = isLeader === undefined || typeof isLeader === 'function';
  expectOption('business.isLeader', isLeader, 'a function', valid);
  return isLeader === undefined ? {} : { isLeader };
}
