import { ConfigurableModuleBuilder, type DynamicModule, Module } from '@nestjs/common';
import { getMetricToken } from '../instrumentation/injection/inject-metric.decorator.js';
import type { MetricDeclaration } from '../instrumentation/injection/metric-declaration.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { MonitoringOptions } from './monitoring.options.js';
import { MonitoringOptionsError } from '../options/option-checks.js';
import { MonitoringCoreModule } from './monitoring-core.module.js';
import { OptionsGathering } from './options.gathering.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<MonitoringOptions>().setClassMethodName('forRoot').build();

/** What `MonitoringModule.forRootAsync()` takes: `useFactory`, `useClass` or `useExisting`, with `imports`. */
export type MonitoringAsyncOptions = typeof ASYNC_OPTIONS_TYPE;

/**
 * Monitoring for the whole application. Import it once, in the root module; importing it again, in a feature
 * module that should work on its own too, is the same monitoring.
 */
@Module({
  imports: [MonitoringCoreModule],
  providers: [
    {
      provide: OptionsGathering.OFFER,
      inject: [OptionsGathering, { token: MODULE_OPTIONS_TOKEN, optional: true }],
      useFactory: (gathering: OptionsGathering, options?: MonitoringOptions) => gathering.offer(options),
    },
  ],
})
export class MonitoringModule extends ConfigurableModuleClass {
  /** @throws {MonitoringOptionsError} as the application starts, for options that cannot work */
  static override forRoot(options: MonitoringOptions = {}): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * As `forRoot`, for options that depend on other providers. They must not need monitoring themselves: a provider
   * that injects `MetricsRegistry` cannot be made before the registry is.
   */
  static override forRootAsync(options: MonitoringAsyncOptions): DynamicModule {
    return super.forRootAsync(options);
  }

  /**
   * Provides the metrics of a feature module to what it has, by `@InjectMetric()`. Other modules may declare the
   * same metrics.
   *
   * @throws {MonitoringOptionsError} if a name is given twice
   */
  static forFeature(metrics: readonly MetricDeclaration[]): DynamicModule {
    const tokens = metrics.map(getMetricToken);
    const repeated = metrics.find((_, i) => tokens.indexOf(tokens[i]) !== i);
    if (repeated !== undefined) {
      throw new MonitoringOptionsError(
        `MonitoringModule.forFeature() was given ${repeated.name} twice. Declare each metric once, with labelNames for its series.`,
      );
    }
    return {
      module: MonitoringModule,
      providers: metrics.map((metric, i) => ({
        provide: tokens[i],
        inject: [MetricsRegistry],
        useFactory: (registry: MetricsRegistry) => metric.metricIn(registry),
      })),
      exports: tokens,
    };
  }
}
