import { Logger, Scope } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { STATIC_CONTEXT } from '@nestjs/core/injector/constants.js';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { RunningCollectors } from '../collectors/running-collectors.js';
import type { ManagedCollector } from '../collectors/managed-collector.js';
import { MonitoringOptionsError } from '../options/option-checks.js';
import {
  type DecoratedProvider,
  decoratedProviders,
  missingMethodMessage,
} from '../primitives/decorated-providers.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import { BusinessCollector } from './business.collector.js';
import type { IsLeader } from './leadership.js';
import {
  type CollectsMetrics,
  type MetricsCollectorOptions,
  metricsCollectorOptionsOf,
} from './metrics-collector.decorator.js';

type Found = DecoratedProvider<MetricsCollectorOptions>;

/**
 * The discovery of providers with `@MetricsCollector()`, which it adds to the running collectors. It is itself a
 * collector that searches again at every scrape, because modules can be loaded later.
 */
export class MetricsCollectorExplorer implements ManagedCollector {
  readonly name = 'collector_discovery';
  readonly metricNames = [];

  private readonly logger = new SafeLogger(new Logger('Monitoring'));
  private readonly known = new Set<unknown>();
  /** Providers that have no instance at the start, since they depend on a request. */
  private readonly neverCreated = new WeakSet<InstanceWrapper>();
  private exploredModules = 0;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly running: RunningCollectors,
    private readonly registry: MetricsRegistry,
    private readonly isLeader: IsLeader,
  ) {}

  /** @throws {MonitoringOptionsError} if a collector has no method `collect()` */
  install(): void {
    for (const wrapper of this.uncreated()) this.neverCreated.add(wrapper);
    this.explore((message) => {
      throw new MonitoringOptionsError(message);
    });
    this.running.add(this);
  }

  collect(): void {
    if (this.modules.size === this.exploredModules) return;
    // The application serves: what is wrong in a module that is loaded now is logged.
    this.explore((message) => this.logger.warn(`${message} It is not run.`));
  }

  private explore(refuse: (message: string) => void): void {
    // While a module is being loaded, the next scrape searches again.
    this.exploredModules = this.uncreated().every((wrapper) => this.neverCreated.has(wrapper))
      ? this.modules.size
      : -1;
    for (const found of decoratedProviders(this.modules.values(), metricsCollectorOptionsOf, isCreated)) {
      const { className, instance, type } = found;
      const key = instance ?? type;
      if (this.known.has(key)) continue;
      this.known.add(key);
      if (instance === undefined) {
        this.logger.warn(
          `${className} has @MetricsCollector() but is not run: it or one of its dependencies is request-scoped or transient. Give it the default scope.`,
        );
      } else if (isCollecting(instance)) this.addCollector(instance, found);
      else {
        const remedy = 'Add `collect(registry)`, which is called at each scrape or interval.';
        refuse(missingMethodMessage('@MetricsCollector()', 'collect', found, remedy));
      }
    }
  }

  /** Returns the providers without an instance that all share. */
  private uncreated(): InstanceWrapper[] {
    return [...this.modules.values()]
      .flatMap(({ providers, controllers }) => [...providers.values(), ...controllers.values()])
      .filter((wrapper) => !wrapper.isTransient && wrapper.scope !== Scope.REQUEST && !isCreated(wrapper));
  }

  private addCollector(instance: CollectsMetrics, { options, className }: Found): void {
    const name = this.running.freeName(options.name ?? defaultName(className));
    const collect: CollectsMetrics['collect'] = (registry, signal) => instance.collect(registry, signal);
    this.running.add(new BusinessCollector({ ...options, name }, this.registry, this.isLeader, collect));
  }
}

/** Returns true once Nest has created the instance of a provider; until then, it may have an empty one of its class. */
function isCreated(wrapper: InstanceWrapper): boolean {
  return wrapper.getInstanceByContextId(STATIC_CONTEXT).isResolved === true;
}

/** Derives a collector's name from its class: `deals` from `DealsCollector`, `crm` from `CRMMetricsCollector`. */
function defaultName(className: string): string {
  const name = className
    .replace(/(?:Metrics)?Collector$/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
  return name === '' ? 'application' : name;
}

function isCollecting(instance: object): instance is CollectsMetrics {
  return typeof (instance as Partial<CollectsMetrics>).collect === 'function';
}
