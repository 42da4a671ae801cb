import { MonitoringOptionsError } from '../../options/option-checks.js';
import { findPackage } from '../../primitives/optional-package.js';

const SDK = '@grafana/grafana-foundation-sdk';

/** The modules of the Grafana SDK. */
export interface GrafanaSdk {
  readonly common: typeof import('@grafana/grafana-foundation-sdk/common');
  readonly dashboard: typeof import('@grafana/grafana-foundation-sdk/dashboard');
  readonly heatmap: typeof import('@grafana/grafana-foundation-sdk/heatmap');
  readonly prometheus: typeof import('@grafana/grafana-foundation-sdk/prometheus');
  readonly stat: typeof import('@grafana/grafana-foundation-sdk/stat');
  readonly statetimeline: typeof import('@grafana/grafana-foundation-sdk/statetimeline');
  readonly table: typeof import('@grafana/grafana-foundation-sdk/table');
  readonly timeseries: typeof import('@grafana/grafana-foundation-sdk/timeseries');
}

const MODULES: readonly (keyof GrafanaSdk)[] = [
  'common',
  'dashboard',
  'heatmap',
  'prometheus',
  'stat',
  'statetimeline',
  'table',
  'timeseries',
];

/**
 * Loads the SDK.
 *
 * @throws {MonitoringOptionsError} if the package is missing
 */
export async function loadSdk(): Promise<GrafanaSdk> {
  const modules = await Promise.all(MODULES.map((name) => findPackage<object>(`${SDK}/${name}`)));
  if (modules.every((module) => module !== undefined)) {
    return Object.fromEntries(MODULES.map((name, i) => [name, modules[i]])) as unknown as GrafanaSdk;
  }
  throw new MonitoringOptionsError(
    `grafanaDashboards() requires the package ${SDK}. Run "npm install --save-dev ${SDK}".`,
  );
}
