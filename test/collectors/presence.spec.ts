import { afterEach, describe, expect, it } from '@jest/globals';
import { type INestApplication, Module, type Provider } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { Keyv } from 'keyv';
import { MetricsRegistry, MonitoringModule, PrometheusExporter } from 'nestjs-monitoring';
import { valuesOf } from './values.js';

/** The collectors of what an application may have or not. */
const OPTIONAL = ['database_clients', 'postgresql', 'mysql', 'sqlite', 'cache_clients', 'redis'];

describe('collectors of libraries that the application does not use', () => {
  let app: INestApplication | undefined;

  afterEach(() => app?.close());

  async function start(providers: Provider[] = []): Promise<MetricsRegistry> {
    @Module({ imports: [MonitoringModule.forRoot()], providers })
    class AppModule {}
    const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = await testing.createNestApplication({ logger: false }).init();
    return app.get(MetricsRegistry);
  }

  it('report nothing, not even success', async () => {
    const registry = await start();
    expect(await reported(registry)).toEqual([]);
    const text = await new PrometheusExporter(registry).generateText();
    expect(text).not.toMatch(/^(db_client|postgresql|mysql|sqlite|cache|redis)_/m);
    expect(text).toContain('monitoring_collector_success{collector="heap"} 1\n');
  });

  it('report once the library is used, even if that is later', async () => {
    const registry = await start();
    expect(await reported(registry)).toEqual([]);
    @Module({ providers: [{ provide: 'CACHE', useValue: new Keyv() }] })
    class CacheModule {}
    await app?.get(LazyModuleLoader).load(() => CacheModule);
    expect(await reported(registry)).toEqual(['cache_clients']);
    expect(valuesOf(registry, 'cache_entries')).toEqual({ CACHE: 0 });
  });

  it('report a failure of a library that is used', async () => {
    const dead = {
      status: 'reconnecting',
      call: gone,
      duplicate: gone,
      sendCommand: gone,
      ping: gone,
      info: gone,
    };
    const registry = await start([{ provide: 'REDIS', useValue: dead }]);
    expect(await reported(registry)).toEqual(['cache_clients', 'redis']);
    expect(valuesOf(registry, 'monitoring_collector_success')).toMatchObject({ cache_clients: 1, redis: 0 });
  });
});

/** Which of the collectors say how they went. */
async function reported(registry: MetricsRegistry): Promise<string[]> {
  await registry.collect();
  const successes = valuesOf(registry, 'monitoring_collector_success');
  const durations = valuesOf(registry, 'monitoring_collector_duration_seconds');
  expect(Object.keys(successes)).toEqual(Object.keys(durations));
  return OPTIONAL.filter((name) => name in successes);
}

function gone(): Promise<never> {
  return Promise.reject(new Error('gone'));
}
