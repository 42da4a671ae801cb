import { Logger } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { RunningCollectors } from '../collectors/running-collectors.js';
import type { ManagedCollector } from '../collectors/managed-collector.js';
import { BusinessCollector } from './business.collector.js';
import type { IsLeader } from './leadership.js';
import {
  type CollectsMetrics,
  type MetricsCollectorOptions,
  metricsCollectorOptionsOf,
} from './metrics-collector.decorator.js';
import { SafeLogger } from '../primitives/safe-logger.js';

/**
 * The discovery of providers with `@MetricsCollector()`, which it adds to the running collectors. It is itself a
 * collector that searches again at every scrape, because modules can be loaded later.
 */
export class MetricsCollectorExplorer implements ManagedCollector {
  readonly name = 'collector_discovery';
  readonly metricNames = [];

  private readonly logger = new SafeLogger(new Logger('Monitoring'));
  private readonly known = new Set<unknown>();
  private exploredModules = 0;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly running: RunningCollectors,
    private readonly registry: MetricsRegistry,
    private readonly isLeader: IsLeader,
  ) {}

  install(): void {
    this.collect();
    this.running.add(this);
  }

  collect(): void {
    if (this.modules.size === this.exploredModules) return;
    this.exploredModules = this.modules.size;
    for (const { providers, controllers } of this.modules.values()) {
      for (const wrapper of [...providers.values(), ...controllers.values()]) this.explore(wrapper);
    }
  }

  private explore(wrapper: {
    readonly metatype: unknown;
    readonly instance: unknown;
    readonly isTransient: boolean;
    isDependencyTreeStatic(): boolean;
  }): void {
    const { metatype } = wrapper;
    if (metricsCollectorOptionsOf(metatype) !== undefined) {
      if (this.known.has(metatype)) return;
      if (!wrapper.isDependencyTreeStatic() || wrapper.isTransient) {
        this.known.add(metatype);
        this.logger.warn(
          `${nameOf(metatype)} has @MetricsCollector() but is not run: it or one of its dependencies is request-scoped or transient. Give it the default scope.`,
        );
        return;
      }
    }
    const { instance } = wrapper;
    if (typeof instance !== 'object' || instance === null || this.known.has(instance)) return;
    const options = metricsCollectorOptionsOf(instance.constructor);
    if (options === undefined) return;
    this.known.add(instance);
    this.addCollector(instance, options);
  }

  private addCollector(instance: object, options: MetricsCollectorOptions): void {
    const className = nameOf(instance.constructor);
    if (!isCollecting(instance)) {
      this.logger.warn(`${className} has @MetricsCollector() but is not run: it has no method collect().`);
      return;
    }
    const name = this.running.freeName(options.name ?? defaultName(className));
    const collect: CollectsMetrics['collect'] = (registry, signal) => instance.collect(registry, signal);
    this.running.add(new BusinessCollector({ ...options, name }, this.registry, this.isLeader, collect));
  }
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

function nameOf(metatype: unknown): string {
  return typeof metatype === 'function' && metatype.name !== '' ? metatype.name : 'An anonymous class';
}

function isCollecting(instance: object): instance is CollectsMetrics {
  return typeof (instance as Partial<CollectsMetrics>).collect === 'function';
}
