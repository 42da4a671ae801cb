import { SetMetadata } from '@nestjs/common';
import type { MetricsRegistry } from '../metrics/registry.js';
import { booleanOf, expectClass, expectKeys, expectOption, intervalMsOf } from '../options/option-checks.js';

/** Options of `@MetricsCollector()`. */
export interface MetricsCollectorOptions {
  /**
   * Name of the collector, used as the label `collector` of `monitoring_collector_success`.
   * @default the name of the class in snake case, without `Collector`: `deals` for `DealsCollector`
   */
  readonly name?: string;
  /** Interval between two runs, in milliseconds. @default runs at every scrape */
  readonly intervalMs?: number;
  /** Time limit of one run, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
  /** True if only the leader among several replicas runs it; see `business.isLeader`. @default false */
  readonly leaderOnly?: boolean;
  /**
   * Names of gauges that the collector sets without getting them from the given registry. Like those, they are left out
   * while it fails.
   * @default []
   */
  readonly metricNames?: readonly string[];
}

/** The interface of a class with `@MetricsCollector()`. */
export interface CollectsMetrics {
  /**
   * Updates the metrics.
   *
   * @param registry registry of the application
   * @param signal aborted when the time limit is exceeded
   */
  collect(registry: MetricsRegistry, signal: AbortSignal): void | Promise<void>;
}

const OPTIONS = Symbol.for('nestjs-monitoring.metricsCollector');

/**
 * Declares a provider as a collector, whose `collect()` runs at an interval or, without one, at every scrape. Runs never
 * overlap and have a time limit; a failed run affects only the collector's own metrics.
 *
 * @throws {MonitoringOptionsError} for invalid options, and on anything other than a class
 */
export function MetricsCollector(
  options: MetricsCollectorOptions = {},
): (target: new (...args: never[]) => CollectsMetrics) => void {
  checkOptions(options);
  return (target, ...place: unknown[]) => {
    expectClass('@MetricsCollector()', target, place);
    SetMetadata(OPTIONS, options)(target);
  };
}

/** Returns the options that a class or one of its ancestors was decorated with. */
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
    'a non-empty string',
    name === undefined || (typeof name === 'string' && name !== ''),
  );
  intervalMsOf(of('intervalMs'), intervalMs, 1);
  intervalMsOf(of('timeoutMs'), timeoutMs, 1);
  booleanOf(of('leaderOnly'), leaderOnly, false);
  expectOption(
    of('metricNames'),
    metricNames,
    'a list of metric names',
    metricNames === undefined ||
      (Array.isArray(metricNames) && metricNames.every((metric) => typeof metric === 'string')),
  );
}
