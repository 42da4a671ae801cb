import { describe, expect, it } from '@jest/globals';
import { CACHE_MANAGER, type Cache, CacheInterceptor, CacheModule } from '@nestjs/cache-manager';
import { Controller, Get, type INestApplication, Module, UseInterceptors } from '@nestjs/common';
import { Keyv } from 'keyv';
import { MonitoringModule } from 'nestjs-monitoring';
import { pingCacheManager } from '../../../lib/integrations/cache-manager/cache-manager.ping.js';
import { ADAPTERS, type RunningApp, startApp } from '../../e2e/fixture/start-app.js';
import { valuesOf } from '../values.js';

@Controller('reports')
@UseInterceptors(CacheInterceptor)
class ReportsController {
  @Get()
  report(): string {
    return 'a report';
  }
}

@Module({
  imports: [MonitoringModule.forRoot(), CacheModule.register()],
  controllers: [ReportsController],
  providers: [{ provide: 'SESSIONS', useFactory: () => new Keyv() }],
})
class AppModule {}

const cacheOf = (app: INestApplication) => app.get<Cache>(CACHE_MANAGER, { strict: false });

function counts({ registry }: RunningApp, cache: string) {
  const of = (name: string) => valuesOf(registry, `cache_${name}_total`)[cache] ?? 0;
  return { hits: of('hits'), misses: of('misses'), sets: of('sets'), deletes: of('deletes') };
}

describe.each(ADAPTERS)('the cache of @nestjs/cache-manager, on %s', (adapter) => {
  it('is counted when CacheInterceptor uses it', async () => {
    const running = await startApp(adapter, AppModule);
    for (let i = 0; i < 3; i++) expect((await running.get('/reports')).body).toBe('a report');
    expect(counts(running, 'default')).toEqual({ hits: 2, misses: 1, sets: 1, deletes: 0 });
    await running.close();
  });
});

describe('the cache of @nestjs/cache-manager', () => {
  it('is counted per key, whatever the method', async () => {
    const running = await startApp('express', AppModule);
    const cache = cacheOf(running.app);
    await cache.set('a', 1);
    await cache.mset([
      { key: 'b', value: 2 },
      { key: 'c', value: 3 },
    ]);
    await cache.get('a');
    await cache.get('x');
    expect(await cache.mget(['a', 'b', 'x'])).toEqual([1, 2, undefined]);
    await cache.del('a');
    await cache.mdel(['b', 'c']);
    expect(counts(running, 'default')).toEqual({ hits: 3, misses: 2, sets: 3, deletes: 3 });
    expect(valuesOf(running.registry, 'cache_operation_duration_seconds')).toMatchObject({
      'default set': 2,
      'default get': 3,
      'default delete': 2,
    });
    await running.close();
  });

  it('counts a miss when wrap() computes the value, and a hit when it does not', async () => {
    const running = await startApp('express', AppModule);
    const cache = cacheOf(running.app);
    let made = 0;
    for (let i = 0; i < 3; i++) expect(await cache.wrap('key', () => ++made)).toBe(1);
    await expect(cache.wrap('bad', () => Promise.reject(new Error('no value')))).rejects.toThrow('no value');
    expect(counts(running, 'default')).toEqual({ hits: 2, misses: 2, sets: 1, deletes: 0 });
    await running.close();
  });

  it('shows its number of entries, and does not count the calls of monitoring', async () => {
    const running = await startApp('express', AppModule);
    const cache = cacheOf(running.app);
    await cache.set('a', 1);
    await pingCacheManager(cache, AbortSignal.timeout(10_000));
    // The first may be that of the history, which began before the value was there.
    await running.registry.collect();
    await running.registry.collect();
    expect(valuesOf(running.registry, 'cache_entries')['default']).toBe(1);
    expect(counts(running, 'default')).toEqual({ hits: 0, misses: 0, sets: 1, deletes: 0 });
    await running.close();
  });

  it('is restored when the application has ended', async () => {
    const running = await startApp('express', AppModule);
    const cache = cacheOf(running.app);
    const watched = cache.get;
    await running.close();
    expect(cache.get).not.toBe(watched);
  });
});

describe('a Keyv store', () => {
  it('is counted under its own name', async () => {
    const running = await startApp('express', AppModule);
    const store = running.app.get<Keyv>('SESSIONS');
    await store.set('a', 1);
    await store.get('a');
    await store.get(['a', 'x']);
    await store.delete('a');
    expect(counts(running, 'SESSIONS')).toEqual({ hits: 2, misses: 1, sets: 1, deletes: 1 });
    await running.close();
  });

  it('counts an error, which still reaches the application', async () => {
    const broken = new Keyv({
      store: {
        get: () => Promise.reject(new Error('gone')),
        set: () => true,
        delete: () => true,
        clear: () => undefined,
      },
      throwOnErrors: true,
    });
    broken.on('error', () => undefined);
    @Module({ imports: [MonitoringModule.forRoot()], providers: [{ provide: 'BROKEN', useValue: broken }] })
    class BrokenModule {}
    const running = await startApp('express', BrokenModule);
    await expect(broken.get('a')).rejects.toThrow('gone');
    expect(valuesOf(running.registry, 'cache_errors_total')).toMatchObject({ 'BROKEN get': 1 });
    await running.close();
  });
});
