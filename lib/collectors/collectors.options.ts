import { expectKeys } from '../options/option-checks.js';

/** What is measured of the process itself. */
export interface CollectorsOptions {
  /** The `process_*` and `nodejs_*` metrics; false leaves them out. @default {} */
  readonly runtime?: Readonly<Record<string, never>> | false;
}

/** Which collectors there are, with every default filled in. */
export interface ResolvedCollectors {
  readonly runtime: boolean;
}

/** @throws {MonitoringOptionsError} */
export function resolveCollectors(collectors: CollectorsOptions = {}): ResolvedCollectors {
  expectKeys('collectors', collectors, ['runtime']);
  const { runtime = {} } = collectors;
  if (runtime !== false) expectKeys('collectors.runtime', runtime, []);
  return { runtime: runtime !== false };
}
