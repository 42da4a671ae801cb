import { SetMetadata } from '@nestjs/common';
import type { MetricsRegistry } from '../metrics/registry.js';
import { booleanOf, expectKeys, expectOption, intervalMsOf } from '../options/option-checks.js';

/** How a collector of the application runs. */
export interface MetricsCollectorOptions {
  /**
   * What it is called in `monitoring_collector_success{collector}`.
   * @default the name of the class in snake case, without `Collector`: `deals` for `DealsCollector`
   */
  readonly name?: string;
  /** How often it runs, in milliseconds. @default whenever the metrics are asked for */
  readonly intervalMs?: number;
  /** How long a run may take, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
  /** Whether only the leader of several replicas runs it; see `business.isLeader`. @default false */
  readonly leaderOnly?: boolean;
  /**
   * Gauges that it does not ask the given registry for but has already, so that they too are left out while it
   * fails. @default []
   */
  readonly metricNames?: readonly string[];
}

/** What a class with `@MetricsCollector()` has. */
export interface CollectsMetrics {
  /**
   * Brings its metrics up to date. It is given the registry of the application, and a signal that is aborted when
   * its time is over.
   */
  collect(registry: MetricsRegistry, signal: AbortSignal): void | Promise<void>;
}

const OPTIONS = Symbol('monitoring.metricsCollector');

/**
 * Makes a collector of a provider: its `collect()` runs on a beat or, without an interval, whenever the metrics are
 * asked for. It never runs twice at a time, is timed out, costs only its own metrics if it fails, and ends with
 * the application.
 *
 * @throws {MonitoringOptionsError} for options that cannot work
 */
export function MetricsCollector(
  options: MetricsCollectorOptions = {},
): (target: new (...args: never[]) => CollectsMetrics) => void {
  checkOptions(options);
  return SetMetadata(OPTIONS, options);
}

/** The options that a class, or one that it extends, was decorated with. */
export function metricsCollectorOptionsOf(target: unknown): MetricsCollectorOptions | undefined {
  if (typeof target !== 'function') return undefined;
  return Reflect.getMetadata(OPTIONS, target) as MetricsCollectorOptions | undefined;
}

function checkOptions(options: MetricsCollectorOptions): void {
  const of = (key: keyof MetricsCollectorOptions) => `${key} of @MetricsCollector()`;
  expectKeys('the options of @MetricsCollector()', options, [
    'name',
    'intervalMs',
    'timeoutMs',
    'leaderOnly',
    'metricNames',
  ]);
  const { name, intervalMs, timeoutMs, leaderOnly, metricNames } = options;
  expectOption(
    of('name'),
    name,
    'a name that is not empty',
    name === undefined || (typeof name === 'string' && name !== ''),
  );
  intervalMsOf(of('intervalMs'), intervalMs, 1);
  intervalMsOf(of('timeoutMs'), timeoutMs, 1);
  booleanOf(of('leaderOnly'), leaderOnly, false);
  expectOption(
    of('metricNames'),
    metricNames,
    'a list of names',
    metricNames === undefined || Array.isArray(metricNames),
  );
}
