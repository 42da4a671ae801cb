import { type OptionTable, readOptions, checked } from '../options/option-table.js';
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

export const BUSINESS: OptionTable<BusinessOptions, BusinessOptions> = {
  isLeader: checked<IsLeader | undefined>('a function', (given) => typeof given === 'function', undefined),
};

/** @throws {MonitoringOptionsError} */
export function resolveBusiness(business: BusinessOptions = {}): BusinessOptions {
  return readOptions('business', business, BUSINESS);
}
