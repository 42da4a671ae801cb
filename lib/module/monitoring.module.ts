// Before all others, since it measures how long they take.
import { importTimes } from '../diagnostics/startup/import-times.js';
import {
  ConfigurableModuleBuilder,
  type DynamicModule,
  Module,
  type Provider,
  type Type,
} from '@nestjs/common';
import {
  CONTROLLER_NAMES,
  type ControllerName,
  type EndpointsOptions,
  resolveEndpoints,
} from '../http/endpoints.options.js';
import { getMetricToken } from '../instrumentation/injection/inject-metric.decorator.js';
import { isDeclaration, type MetricDeclaration } from '../instrumentation/injection/metric-declaration.js';
import { BridgedMeterProvider } from '../integrations/opentelemetry/meter-provider.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { MonitoringOptions } from './monitoring.options.js';
import {
  expectKeys,
  expectObject,
  expectOption,
  expectSwitch,
  MonitoringOptionsError,
  optionError,
} from '../options/option-checks.js';
import { describeValue } from '../options/option-descriptions.js';
import { LIBRARY_BRAND, THIS_COPY } from '../primitives/library-brand.js';
import { isRecord } from '../primitives/is-object.js';
import { HEALTH_ENDPOINTS } from './dependent-parts.js';
import { controllersOf } from './endpoints.controllers.js';
import { MonitoringCoreModule } from './monitoring-core.module.js';
import { OptionsMerger } from './options-merger.js';

/** It is in the error of Nest when the factory injects what its module does not import. */
const OPTIONS_TOKEN = 'options of MonitoringModule.forRootAsync()';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<MonitoringOptions>({ optionsInjectionToken: OPTIONS_TOKEN })
    .setClassMethodName('forRoot')
    .build();

type ControllerPaths = Pick<EndpointsOptions, ControllerName>;

/** Options of `MonitoringModule.forRootAsync()`: `useFactory`, `useClass` or `useExisting`, with `imports`. */
export type MonitoringAsyncOptions = typeof ASYNC_OPTIONS_TYPE & {
  /**
   * `endpoints.controllers`, which has to be known before the factory runs: true, or the paths of the controllers, where
   * false leaves a controller out. The factory must not return these paths.
   * @default false
   */
  readonly controllers?: boolean | ControllerPaths;
};

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
  /** @internal */
  static readonly [LIBRARY_BRAND] = THIS_COPY;

  /** Returns the module. @throws {MonitoringOptionsError} for invalid options; most of them are checked at the start only */
  static override forRoot(options: MonitoringOptions = {}): DynamicModule {
    expectObject('the options of MonitoringModule', options);
    importTimes.defined();
    const { enabled, endpoints, bridges, health } = options;
    // Here and now, since other modules may ask for a meter as soon as they are created. A missing package is reported at the start.
    const isBridged = isRecord(bridges) && isOn(bridges['openTelemetry']);
    if (enabled !== false && isBridged) BridgedMeterProvider.shared().register();
    const hasControllers = enabled !== false && hasControllersAt(endpoints);
    return {
      ...super.forRoot(options),
      controllers: hasControllers ? controllersAt({ ...(health === false && NO_HEALTH), ...endpoints }) : [],
    };
  }

  /**
   * Returns the module with options that depend on other providers. These providers must not inject anything of
   * monitoring, such as `MetricsRegistry`, which exists only after the options.
   *
   * @throws {MonitoringOptionsError} for invalid arguments
   */
  static override forRootAsync(options: MonitoringAsyncOptions): DynamicModule {
    checkAsyncOptions(options);
    importTimes.defined();
    const { controllers = false, ...source } = options;
    const { providers = [], ...module } = super.forRootAsync(source);
    const paths = controllers === true ? {} : controllers;
    return {
      ...module,
      providers: providers.map((provider) => withCheckedOptions(provider, source, paths)),
      controllers: paths === false ? [] : controllersAt({ ...paths, controllers: true }),
    };
  }

  /**
   * Returns a module that provides metrics to its importer, for `@InjectMetric()`. Several modules may declare the same
   * metric.
   *
   * @throws {MonitoringOptionsError} for anything but declarations, and if a name is given twice
   */
  static forFeature(metrics: readonly MetricDeclaration[]): DynamicModule {
    const given: readonly unknown[] = Array.isArray(metrics) ? metrics : [metrics];
    const wrong = Array.isArray(metrics) ? given.findIndex((metric) => !isDeclaration(metric)) : 0;
    expectOption(
      'the argument of MonitoringModule.forFeature()',
      given[wrong],
      'an array of declarations, such as that of defineCounter()',
      wrong < 0,
    );
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

/** The health endpoints, none of which exists without health checks. */
const NO_HEALTH = Object.fromEntries(HEALTH_ENDPOINTS.map((name) => [name, false]));

function hasControllersAt(endpoints: MonitoringOptions['endpoints']): endpoints is EndpointsOptions {
  return isRecord(endpoints) && endpoints['controllers'] === true;
}

function isOn(option: unknown): boolean {
  return option === true || (typeof option === 'object' && option !== null);
}

function controllersAt(endpoints: EndpointsOptions): Type[] {
  return controllersOf(resolveEndpoints(endpoints, process.env.NODE_ENV));
}

const ASYNC_OWNER = 'the argument of MonitoringModule.forRootAsync()';
const SOURCES = ['useFactory', 'useClass', 'useExisting'] as const;

function checkAsyncOptions(options: MonitoringAsyncOptions): void {
  expectObject(ASYNC_OWNER, options);
  const given = SOURCES.filter((source) => options[source] !== undefined);
  if (given.length !== 1) {
    throw new MonitoringOptionsError(
      `The argument of MonitoringModule.forRootAsync() must have exactly one of ${SOURCES.join(', ')}; got ${given.join(' and ') || 'none'}. Return the options from \`useFactory\`, or call forRoot(options).`,
    );
  }
  expectKeys(ASYNC_OWNER, options, [
    ...SOURCES,
    'imports',
    'inject',
    'provideInjectionTokensFrom',
    'controllers',
  ]);
  const { useFactory, imports, inject, controllers } = options;
  if (controllers !== undefined && typeof controllers !== 'boolean') {
    const arePaths = typeof controllers === 'object' && controllers !== null && !Array.isArray(controllers);
    expectOption(`controllers of ${ASYNC_OWNER}`, controllers, 'true, false or an object of paths', arePaths);
    expectKeys(`controllers of ${ASYNC_OWNER}`, controllers, CONTROLLER_NAMES);
  }
  const isFunction = useFactory === undefined || typeof useFactory === 'function';
  expectOption(`useFactory of ${ASYNC_OWNER}`, useFactory, 'a function that returns the options', isFunction);
  const areModules = imports === undefined || Array.isArray(imports);
  expectOption(`imports of ${ASYNC_OWNER}`, imports, 'an array of modules', areModules);
  const areTokens = inject === undefined || Array.isArray(inject);
  expectOption(`inject of ${ASYNC_OWNER}`, inject, 'an array of injection tokens', areTokens);
}

/** Returns a provider, which checks the options of the application if it is the one that makes them. */
function withCheckedOptions(
  provider: Provider,
  { useFactory }: typeof ASYNC_OPTIONS_TYPE,
  paths: ControllerPaths | false,
): Provider {
  if (!('provide' in provider) || provider.provide !== MODULE_OPTIONS_TOKEN || !('useFactory' in provider))
    return provider;
  return {
    ...provider,
    useFactory: async (...dependencies: unknown[]) => {
      if (useFactory === undefined) expectCreate(dependencies[0]);
      const options: MonitoringOptions = await provider.useFactory(...dependencies);
      expectObject('the options from MonitoringModule.forRootAsync()', options);
      return withControllers(options, paths);
    },
  };
}

/**
 * Returns the options of a factory with those of the controllers, which are known before it runs.
 *
 * @param paths paths of the controllers; false if there are none
 */
function withControllers(options: MonitoringOptions, paths: ControllerPaths | false): MonitoringOptions {
  const { endpoints: given } = options;
  expectSwitch('endpoints', given);
  const endpoints = typeof given === 'object' ? given : undefined;
  const controllers = paths !== false;
  const early = controllers ? CONTROLLER_NAMES.find((name) => endpoints?.[name] !== undefined) : undefined;
  const option = (endpoints?.controllers ?? controllers) === controllers ? early : 'controllers';
  if (option !== undefined) {
    const place = option === 'controllers' ? option : `controllers.${option}`;
    throw optionError(
      `endpoints.${option}`,
      `must be set by \`${place}\` of ${ASYNC_OWNER}, beside the factory, since Nest creates controllers before the factory runs; got ${describeValue(endpoints?.[option])}.`,
    );
  }
  if (!controllers) return options;
  if (given === false) {
    throw optionError(
      'endpoints',
      `must not be false with \`controllers\` of ${ASYNC_OWNER}, which asks for endpoints. Remove one of the two options.`,
    );
  }
  return { ...options, endpoints: { ...endpoints, ...paths, controllers } };
}

function expectCreate(factory: unknown): void {
  if (typeof Object(factory).create === 'function') return;
  throw new MonitoringOptionsError(
    `The class of ${ASYNC_OWNER} must have a method create() that returns the options; got none.`,
  );
}

importTimes.ran();
