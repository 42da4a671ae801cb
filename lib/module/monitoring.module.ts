import { ConfigurableModuleBuilder, type DynamicModule, Module } from '@nestjs/common';
import { getMetricToken } from '../instrumentation/injection/inject-metric.decorator.js';
import type { MetricDeclaration } from '../instrumentation/injection/metric-declaration.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { MonitoringOptions } from './monitoring.options.js';
import { MonitoringOptionsError } from '../options/option-checks.js';
import { MonitoringCoreModule } from './monitoring-core.module.js';
import { OptionsMerger } from './options-merger.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<MonitoringOptions>().setClassMethodName('forRoot').build();

/** Options of `MonitoringModule.forRootAsync()`: `useFactory`, `useClass` or `useExisting`, with `imports`. */
export type MonitoringAsyncOptions = typeof ASYNC_OPTIONS_TYPE;

/**
 * The monitoring of an application. Import it once, in the root module. A feature module that should also work on its
 * own may import it again: both imports share one registry.
 */
@Module({
  imports: [MonitoringCoreModule],
  providers: [
    {
      provide: OptionsMerger.ADDED,
      inject: [OptionsMerger, { token: MODULE_OPTIONS_TOKEN, optional: true }],
      useFactory: (merger: OptionsMerger, options?: MonitoringOptions) => merger.add(options),
    },
  ],
})
export class MonitoringModule extends ConfigurableModuleClass {
  /** Returns the module. @throws {MonitoringOptionsError} at start, for invalid options */
  static override forRoot(options: MonitoringOptions = {}): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * Returns the module with options that depend on other providers. Those must not inject anything of monitoring, such
   * as `MetricsRegistry`, which exists only after the options.
   */
  static override forRootAsync(options: MonitoringAsyncOptions): DynamicModule {
    return super.forRootAsync(options);
  }

  /**
   * Returns a module that provides metrics to its importer, for `@InjectMetric()`. Several modules may declare the same
   * metric.
   *
   * @throws {MonitoringOptionsError} if a name is given twice
   */
  static forFeature(metrics: readonly MetricDeclaration[]): DynamicModule {
    const tokens = metrics.map(getMetricToken);
    const repeated = metrics.find((metric, i) => tokens.indexOf(getMetricToken(metric)) !== i);
    if (repeated !== undefined) {
      throw new MonitoringOptionsError(
        `MonitoringModule.forFeature() was given ${repeated.name} twice. Declare each metric once, with labelNames for its series.`,
      );
    }
    return {
      module: MonitoringModule,
      providers: metrics.map((metric) => ({
        provide: getMetricToken(metric),
        inject: [MetricsRegistry],
        useFactory: (registry: MetricsRegistry) => metric.metricIn(registry),
      })),
      exports: tokens,
    };
  }
}
