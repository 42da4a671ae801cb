import type { Server } from 'node:http';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type DynamicModule, Injectable, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  HealthMonitor,
  MetricsRegistry,
  MonitoringModule,
  type MonitoringOptions,
  MonitoringOptionsError,
  PrometheusExporter,
} from 'nestjs-monitoring';
import { FixtureController } from '../e2e/fixture/controllers.js';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { ADAPTERS, createApp, startApp } from '../e2e/fixture/start-app.js';
import { listenersOfProcess, spyOnWatchers } from './watchers.js';

@Injectable()
class Deals {
  constructor(readonly registry: MetricsRegistry) {}
}

/** It imports nothing and has the registry all the same. */
@Module({ providers: [Deals], exports: [Deals] })
class DealsModule {}

/** A library that brings its monitoring along. */
@Module({ imports: [MonitoringModule], providers: [{ provide: 'library', useExisting: MetricsRegistry }] })
class LibraryModule {}

@Injectable()
class Settings {
  readonly labels = { service: 'orders' };
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

@Injectable()
class OptionsFactory {
  create(): MonitoringOptions {
    return { ...WITHOUT_COLLECTORS, defaultLabels: { service: 'orders' } };
  }
}

@Module({ providers: [OptionsFactory], exports: [OptionsFactory] })
class OptionsModule {}

/** An application that imports these modules and nothing else. */
function importing(...imports: NonNullable<ModuleMetadata['imports']>): DynamicModule {
  return { module: class AppModule {}, imports };
}

function contextOf(module: DynamicModule | Type): ReturnType<typeof NestFactory.createApplicationContext> {
  return NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
}

describe('MonitoringModule', () => {
  describe('takes its options', () => {
    it.each<[string, DynamicModule | Type]>([
      ['from forRoot()', MonitoringModule.forRoot({ defaultLabels: { service: 'orders' } })],
      [
        'from a factory with what it injects from an imported module',
        MonitoringModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: async (settings: Settings) => ({ defaultLabels: settings.labels }),
        }),
      ],
      ['from a class', MonitoringModule.forRootAsync({ useClass: OptionsFactory })],
      [
        'from a provider that exists',
        MonitoringModule.forRootAsync({ imports: [OptionsModule], useExisting: OptionsFactory }),
      ],
    ])('%s', async (_, module) => {
      const app = await contextOf(importing(module));
      app.get(MetricsRegistry).counter('orders_total', 'Orders.').inc();

      expect(await app.get(PrometheusExporter).generateText({ names: ['orders_total'] })).toContain(
        'orders_total{service="orders"} 1\n',
      );
      await app.close();
    });

    it.each<[string, DynamicModule | Type]>([
      ['forRoot() without any', MonitoringModule.forRoot()],
      ['the class alone', MonitoringModule],
      ['a factory that returns none', MonitoringModule.forRootAsync({ useFactory: () => ({}) })],
    ])('as the defaults: %s', async (_, module) => {
      const app = await contextOf(importing(module));
      app.get(MetricsRegistry).counter('orders_total', 'Orders.').inc();
      const text = await app.get(PrometheusExporter).generateText();

      expect(text).toContain('\norders_total 1\n');
      expect(text).toContain('\nprocess_cpu_seconds_total ');
      await app.close();
    });

    it('and fails with the error of the factory that should have made them', async () => {
      const broken = MonitoringModule.forRootAsync({
        useFactory: () => Promise.reject(new Error('the vault is closed')),
      });

      await expect(contextOf(importing(broken))).rejects.toThrow('the vault is closed');
    });
  });

  describe('is one monitoring when it is imported', () => {
    const options = { ...WITHOUT_COLLECTORS, defaultLabels: { service: 'orders' } };

    it.each<[string, NonNullable<ModuleMetadata['imports']>]>([
      ['with options and without', [MonitoringModule.forRoot(options), LibraryModule]],
      ['without options and with', [LibraryModule, MonitoringModule.forRoot(options)]],
      ['with empty options and with', [MonitoringModule.forRoot(), MonitoringModule.forRoot(options)]],
      [
        'with equal options twice',
        [MonitoringModule.forRoot(options), MonitoringModule.forRoot({ ...options })],
      ],
      [
        'with the same options from a factory',
        [
          MonitoringModule.forRootAsync({ useFactory: async () => ({ ...options }) }),
          MonitoringModule.forRoot(options),
        ],
      ],
    ])('%s', async (_, imports) => {
      const app = await contextOf(importing(...imports, DealsModule));

      const registries = new Set(app.get(MetricsRegistry, { each: true }));
      expect(registries.size).toBe(1);
      app.get(Deals).registry.counter('deals_total', 'Deals.').inc();
      expect(await app.get(PrometheusExporter).generateText({ names: ['deals_total'] })).toContain(
        'deals_total{service="orders"} 1\n',
      );
      await app.close();
    });

    it('serves its endpoints once, whichever import came first', async () => {
      const app = await startApp('express', importing(LibraryModule, FixtureModule.with(options)));
      await app.get('/ok');

      expect((await app.recorded()).requests).toEqual(['GET /ok 200']);
      expect((await app.get('/metrics')).status).toBe(200);
      await app.close();
    });

    it('with options that contradict each other: the start fails and says what to do', async () => {
      const contradicting = importing(
        MonitoringModule.forRoot({ seriesLimit: 10 }),
        MonitoringModule.forRoot({ seriesLimit: 20 }),
      );

      const failed = createApp('express', contradicting);
      await expect(failed).rejects.toBeInstanceOf(MonitoringOptionsError);
      await expect(failed).rejects.toThrow(
        'MonitoringModule is imported with different options: they differ in `seriesLimit`. Give them once, in the root module; other imports need none.',
      );
    });
  });

  it('gives the registry to modules that import nothing', async () => {
    const app = await contextOf(importing(MonitoringModule.forRoot(WITHOUT_COLLECTORS), DealsModule));

    expect(app.get(Deals).registry).toBe(app.get(MetricsRegistry));
    await app.close();
  });

  it('shares nothing between two applications in one process', async () => {
    const [express, fastify] = await Promise.all(
      ADAPTERS.map((adapter) => startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS))),
    );
    if (express === undefined || fastify === undefined) throw new Error('both should have started');
    express.registry.counter('deals_total', 'Deals.').inc();
    await express.get('/teapot');
    await fastify.get('/ok');

    expect(fastify.registry.getMetric('deals_total')).toBeUndefined();
    expect((await express.recorded()).requests).toEqual(['GET /teapot 418']);
    expect((await fastify.recorded()).requests).toEqual(['GET /ok 200']);
    await express.close();
    // The other one goes on as it was.
    await fastify.get('/ok');
    expect((await fastify.recorded(2)).requests).toEqual(['GET /ok 200', 'GET /ok 200']);
    expect((await fastify.get('/ready')).status).toBe(200);
    await fastify.close();
  });

  describe.each(ADAPTERS)('when it is not enabled, on %s', (adapter) => {
    afterEach(() => {
      jest.restoreAllMocks();
    });

    it('adds no route, no listener and no timer, and its instruments do nothing', async () => {
      const watchers = spyOnWatchers();
      const bare = await startApp(adapter, {
        module: class Bare {},
        controllers: [FixtureController],
        providers: [{ provide: MetricsRegistry, useValue: new MetricsRegistry() }],
      });
      const expected = footprintOf(bare.app.getHttpServer() as Server);
      await bare.close();
      const app = await startApp(adapter, FixtureModule.with({ enabled: false }));
      const found = footprintOf(app.app.getHttpServer() as Server);
      const counter = app.registry.counter('deals_total', 'Deals.');
      counter.inc();
      const statuses = await Promise.all(
        ['/ok', '/metrics', '/health', '/ready', '/alive', '/metrics-dashboard'].map(
          async (path) => (await app.get(path)).status,
        ),
      );

      expect(statuses).toEqual([200, 404, 404, 404, 404, 404]);
      expect(found).toEqual(expected);
      expect(watchers.started()).toBe(0);
      expect(app.registry.snapshot().families).toEqual([]);
      await app.close();
    });
  });

  describe('without HTTP', () => {
    it('works in an application context', async () => {
      const app = await contextOf(importing(MonitoringModule.forRoot(), DealsModule));
      const text = await app.get(PrometheusExporter).generateText();

      expect(text).toContain('\nnodejs_version_info{');
      expect(app.get(HealthMonitor).phase).toBe('ready');
      await app.close();
      expect(app.get(HealthMonitor).phase).toBe('draining');
    });

    it('works in the testing module, where its providers can be replaced', async () => {
      const registry = new MetricsRegistry();
      const testing = await Test.createTestingModule({
        imports: [MonitoringModule.forRoot(WITHOUT_COLLECTORS), DealsModule],
      })
        .overrideProvider(MetricsRegistry)
        .useValue(registry)
        .compile();
      await testing.init();

      expect(testing.get(Deals).registry).toBe(registry);
      await testing.close();
    });
  });
});

/** What an application that runs has added to its server and to the process. */
function footprintOf(server: Server): object {
  return {
    events: Object.fromEntries(server.eventNames().map((name) => [String(name), server.listenerCount(name)])),
    process: listenersOfProcess(),
    timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
  };
}
