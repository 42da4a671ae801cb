import { flag, type OptionTable, readOptions } from '../../options/option-table.js';

/** Options of the bridge from the metrics of OpenTelemetry. */
export interface OpenTelemetryBridgeOptions {
  /**
   * Adds the unit to the name of a metric, such as `_seconds`, as the specification says. With false, names are those of
   * the Prometheus exporter of the JavaScript SDK.
   * @default true
   */
  readonly unitSuffixes?: boolean;
  /** Adds the labels `otel_scope_name`, `otel_scope_version` and `otel_scope_schema_url` to each series. @default true */
  readonly scopeLabels?: boolean;
}

/** The options, with every default filled in. */
export type ResolvedOpenTelemetryBridge = Required<OpenTelemetryBridgeOptions>;

export const OPEN_TELEMETRY: OptionTable<OpenTelemetryBridgeOptions> = {
  unitSuffixes: flag(true),
  scopeLabels: flag(true),
};

/** Checks the options and applies the defaults. @throws {MonitoringOptionsError} */
export function resolveOpenTelemetryBridge(
  option: string,
  given: OpenTelemetryBridgeOptions | false = false,
): ResolvedOpenTelemetryBridge | false {
  return given !== false && readOptions(option, given, OPEN_TELEMETRY);
}
