import type { PromClientBridgeOptions } from '../exporters/prometheus/prometheus.exporter.js';
import type { PromClientRegistry } from '../exporters/prometheus/prom-client.bridge.js';
import {
  type OpenTelemetryBridgeOptions,
  type ResolvedOpenTelemetryBridge,
  resolveOpenTelemetryBridge,
} from '../integrations/opentelemetry/open-telemetry.options.js';
import { checked, type OptionTable, readOptions, switchedGroup } from '../options/option-table.js';

/** Bridges from the metrics of other libraries. */
export interface BridgesOptions extends PromClientBridgeOptions {
  /**
   * Records the instruments of `@opentelemetry/api` without its SDK; requires that package. Instruments that are created
   * before `forRoot()` is called need `registerOpenTelemetryMetrics()`.
   * @default false
   */
  readonly openTelemetry?: OpenTelemetryBridgeOptions | boolean;
}

/** The options, with every default filled in. */
export interface ResolvedBridges {
  readonly promClient?: PromClientRegistry;
  readonly openTelemetry: ResolvedOpenTelemetryBridge | false;
}

export const BRIDGES: OptionTable<BridgesOptions, ResolvedBridges> = {
  promClient: checked<PromClientRegistry | undefined>(
    'a prom-client registry, such as `register`',
    (given) => typeof (given as Partial<PromClientRegistry>).getMetricsAsJSON === 'function',
    undefined,
  ),
  openTelemetry: switchedGroup((given: OpenTelemetryBridgeOptions | false | undefined, option) =>
    resolveOpenTelemetryBridge(option, given),
  ),
};

/** Checks the options of the bridges. @throws {MonitoringOptionsError} */
export function resolveBridges(bridges: BridgesOptions | false = {}): ResolvedBridges {
  return readOptions('bridges', bridges || {}, BRIDGES);
}
