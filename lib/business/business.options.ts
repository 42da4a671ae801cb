import { expectKeys, expectOption } from '../options/option-checks.js';
import type { IsLeader } from './leadership.js';

/** Options of `@MetricsCollector()` and `BusinessMetrics`. */
export interface BusinessOptions {
  /**
   * Function that returns true in the one replica that runs `leaderOnly` collectors. It is called before every run,
   * within the time limit of the run; a run fails if the function does.
   * @default true in the leader of the cluster with the option `cluster`, else always true
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
