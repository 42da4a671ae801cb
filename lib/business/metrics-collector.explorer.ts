import { Logger } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { RunningCollectors } from '../collectors/running-collectors.js';
import type { SourceCollector } from '../collectors/source.collector.js';
import { BusinessCollector } from './business.collector.js';
import type { IsLeader } from './leadership.js';
import {
  type CollectsMetrics,
  type MetricsCollectorOptions,
  metricsCollectorOptionsOf,
} from './metrics-collector.decorator.js';
import { SafeLogger } from '../primitives/safe-logger.js';

/**
 * Finds the providers with `@MetricsCollector()` and lets them run. As a collector of its own it looks again
 * whenever the metrics are asked for, since modules can be loaded later.
 */
export class MetricsCollectorExplorer implements SourceCollector {
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

  start(): void {
    this.collect();
    this.running.add(this);
  }

  collect(): void {
    if (this.modules.size === this.exploredModules) return;
    this.exploredModules = this.modules.size;
    for (const { providers, controllers } of this.modules.values()) {
      for (const wrapper of [...providers.values(), ...controllers.values()]) this.consider(wrapper);
    }
  }

  private consider(wrapper: {
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
          `${nameOf(metatype)} has @MetricsCollector() and is not run: it, or what it injects, is made anew for each request or injection. Give it the default scope.`,
        );
        return;
      }
    }
    const { instance } = wrapper;
    if (typeof instance !== 'object' || instance === null || this.known.has(instance)) return;
    const options = metricsCollectorOptionsOf(instance.constructor);
    if (options === undefined) return;
    this.known.add(instance);
    this.begin(instance, options);
  }

  private begin(instance: object, options: MetricsCollectorOptions): void {
    const className = nameOf(instance.constructor);
    if (!isCollecting(instance)) {
      this.logger.warn(`${className} has @MetricsCollector() and no method collect(): it is not run.`);
      return;
    }
    const name = this.running.freeName(options.name ?? defaultName(className));
    const collect: CollectsMetrics['collect'] = (registry, signal) => instance.collect(registry, signal);
    this.running.add(new BusinessCollector({ ...options, name }, this.registry, this.isLeader, collect));
  }
}

/** `DealsCollector` is `deals`, `CRMMetricsCollector` is `crm`. */
function defaultName(className: string): string {
  const name = className
    .replace(/(?:Metrics)?Collector$/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
  return name === '' ? 'application' : name;
}

function nameOf(metatype: unknown): string {
  return typeof metatype === 'function' && metatype.name !== '' ? metatype.name : 'A class without a name';
}

function isCollecting(instance: object): instance is CollectsMetrics {
  return typeof (instance as Partial<CollectsMetrics>).collect === 'function';
}
