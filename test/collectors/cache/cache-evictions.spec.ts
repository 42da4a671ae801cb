import { afterEach, describe, expect, it } from '@jest/globals';
import { CACHE_MANAGER, type Cache, CacheModule } from '@nestjs/cache-manager';
import { type DynamicModule, Injectable } from '@nestjs/common';
import { Cacheable, CacheableMemory, createKeyv } from 'cacheable';
import * as fc from 'fast-check';
import { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';
import { MonitoringModule } from 'nestjs-monitoring';
import { createTestRegistry } from 'nestjs-monitoring/testing';
import { watchCacheableMemory } from '../../../lib/integrations/cacheable/cacheable.watch.js';
import { isLruCache } from '../../../lib/integrations/lru-cache/lru-cache.discovery.js';
import { watchLruCache } from '../../../lib/integrations/lru-cache/lru-cache.watch.js';
import { instrumentationGuard } from '../../../lib/metrics/error-guards.js';
import { type RunningApp, startApp } from '../../e2e/fixture/start-app.js';
import { valuesOf } from '../values.js';

const guard = () => instrumentationGuard(createTestRegistry().registry, 'cache');

let running: RunningApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function startWith(definition: Omit<DynamicModule, 'module'>): Promise<RunningApp> {
  class AppModule {}
  const { imports = [], ...rest } = definition;
  running = await startApp('express', {
    module: AppModule,
    imports: [MonitoringModule.forRoot(), ...imports],
    ...rest,
  });
  return running;
}

const evictionsOf = ({ registry }: RunningApp) => valuesOf(registry, 'cache_evictions_total');

async function entriesOf({ registry }: RunningApp) {
  // The first may be that of the history, which began before the values were there.
  await registry.collect();
  await registry.collect();
  return valuesOf(registry, 'cache_entries');
}

const STORES: readonly (readonly [string, () => unknown])[] = [
  ['a CacheableMemory', () => new CacheableMemory({ lruSize: 2 })],
  ['a Keyv of cacheable', () => createKeyv({ lruSize: 2 })],
  ['a Keyv of cacheable in a namespace', () => createKeyv({ lruSize: 2, namespace: 'deals' })],
  ['a Keyv around a CacheableMemory', () => new Keyv({ store: new CacheableMemory({ lruSize: 2 }) })],
  ['a Keyv around an LRUCache', () => new Keyv({ store: new LRUCache({ max: 2 }) })],
  ['a Cacheable', () => new Cacheable({ primary: createKeyv({ lruSize: 2 }) })],
];

describe('the evictions of a cache in memory', () => {
  it.each(STORES)('are counted in @nestjs/cache-manager over %s', async (_, createStore) => {
    const store = createStore() as Keyv;
    const app = await startWith({ imports: [CacheModule.register({ stores: [store] })] });
    const cache = app.app.get<Cache>(CACHE_MANAGER, { strict: false });
    expect(evictionsOf(app)).toEqual({ default: 0 });
    for (const key of ['a', 'b', 'c', 'c', 'd']) expect(await cache.set(key, key)).toBe(key);
    await cache.del('d');
    expect(evictionsOf(app)).toEqual({ default: 2 });
    expect(await cache.get('c')).toBe('c');
    expect(await cache.get('a')).toBeUndefined();
    expect(await entriesOf(app)).toEqual({ default: 1 });
  });

  it('are counted under the names of the places in which the application keeps its caches', async () => {
    @Injectable()
    class DealsService {
      readonly owners = new LRUCache<string, number>({ max: 2 });
      readonly rates = new Cacheable({ primary: createKeyv({ lruSize: 1 }) });
    }
    const app = await startWith({
      providers: [
        DealsService,
        { provide: 'SESSIONS', useFactory: () => createKeyv({ lruSize: 1 }) },
        { provide: 'TOKENS', useFactory: () => new CacheableMemory({ lruSize: 1 }) },
      ],
    });
    const { owners, rates } = app.app.get(DealsService);
    for (const key of ['a', 'b', 'c', 'd', 'e']) owners.set(key, 1);
    for (const key of ['a', 'b']) await rates.set(key, 1);
    for (const key of ['a', 'b', 'c']) await app.app.get<Keyv>('SESSIONS').set(key, 1);
    for (const key of ['a', 'b', 'c', 'd', 'e']) app.app.get<CacheableMemory>('TOKENS').set(key, 1);
    expect(evictionsOf(app)).toEqual({
      'DealsService.owners': 3,
      'DealsService.rates': 1,
      SESSIONS: 2,
      TOKENS: 4,
    });
    expect(await entriesOf(app)).toEqual({
      'DealsService.owners': 2,
      'DealsService.rates': 1,
      SESSIONS: 1,
      TOKENS: 1,
    });
  });

  it('have no series for a cache that evicts nothing', async () => {
    const app = await startWith({ imports: [CacheModule.register()] });
    await app.app.get<Cache>(CACHE_MANAGER, { strict: false }).set('a', 1);
    expect(evictionsOf(app)).toEqual({});
  });

  it('leave the cache as it was when the application has ended', async () => {
    const memory = new CacheableMemory({ lruSize: 1 });
    const lru = new LRUCache({ max: 1 });
    const app = await startWith({
      providers: [
        { provide: 'MEMORY', useValue: memory },
        { provide: 'LRU', useValue: lru },
      ],
    });
    expect(Object.hasOwn(memory, 'set') && Object.hasOwn(lru, 'set')).toBe(true);
    await app.close();
    running = undefined;
    for (const name of ['set', 'delete', 'lruResize', 'fetch', 'memo']) {
      expect(Object.hasOwn(memory, name) || Object.hasOwn(lru, name)).toBe(false);
    }
  });
});

/** A step of a program that works with a cache. */
const STEPS = fc.array(
  fc.tuple(
    fc.constantFrom('set', 'set', 'delete', 'get', 'memo', 'clear', 'undefined' as const),
    fc.integer({ min: 0, max: 9 }),
    fc.integer({ min: 1, max: 4 }),
  ),
  { maxLength: 60 },
);

describe('an LRUCache that is watched', () => {
  it('evicts as it says to its dispose function, whatever is done with it', () => {
    fc.assert(
      fc.property(STEPS, fc.boolean(), fc.boolean(), (steps, isSized, hasTtl) => {
        let disposed = 0;
        let counted = 0;
        const cache: LRUCache<string, number, void> = new LRUCache({
          max: 4,
          ...(isSized && { maxSize: 8, sizeCalculation: (value: number) => value }),
          ...(hasTtl && { ttl: 60_000 }),
          dispose: (_value, _key, reason) => {
            if (reason === 'evict') disposed++;
          },
          // Computes the value of each key from that of the one before it.
          memoMethod: (key) => (key === '0' ? 1 : Math.min(4, cache.memo(String(Number(key) - 1)))),
        });
        watchLruCache(cache, (entries) => (counted += entries), guard());
        for (const [operation, number, value] of steps) {
          const key = String(number);
          if (operation === 'set') cache.set(key, value);
          else if (operation === 'undefined') cache.set(key, undefined);
          else if (operation === 'clear') cache.clear();
          else cache[operation](key);
        }
        expect(counted).toBe(disposed);
      }),
    );
  });

  it('counts what a fetched value evicts, and gives the value as before', async () => {
    let counted = 0;
    const cache = new LRUCache<string, string>({
      max: 2,
      fetchMethod: (key) => Promise.resolve(`the ${key}`),
    });
    watchLruCache(cache, (entries) => (counted += entries), guard());
    for (const key of ['a', 'b', 'b', 'c', 'a']) expect(await cache.fetch(key)).toBe(`the ${key}`);
    expect(await cache.forceFetch('b')).toBe('the b');
    expect(counted).toBe(3);
  });

  it('passes on what its own functions throw', () => {
    const failing = () => {
      throw new Error('no value');
    };
    let counted = 0;
    const cache = new LRUCache<string, number>({ max: 1, memoMethod: failing });
    watchLruCache(cache, (entries) => (counted += entries), guard());
    expect(() => cache.memo('a')).toThrow('no value');
    cache.set('a', 1);
    cache.set('b', 1);
    expect(counted).toBe(1);
  });

  it('is not taken for one if it only looks similar', () => {
    expect(isLruCache(new Map())).toBe(false);
    expect(isLruCache(new CacheableMemory())).toBe(false);
  });
});

describe('a CacheableMemory that is watched', () => {
  it('loses the entries that are counted, and no others', () => {
    const steps = fc.array(
      fc.tuple(fc.constantFrom('set', 'set', 'set', 'delete', 'get', 'take'), fc.integer({ min: 0, max: 9 })),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 0, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        (all, size, later) => {
          let counted = 0;
          let left = 0;
          const cache = new CacheableMemory({ lruSize: size });
          watchCacheableMemory(cache, (entries) => (counted += entries), guard());
          for (const [operation, number] of all) {
            const key = String(number);
            const isThere = [...cache.keys].includes(key);
            if (operation === 'set') cache.set(key, number + 1);
            else cache[operation](key);
            if (operation === 'set' && !isThere) left++;
            if ((operation === 'delete' || operation === 'take') && isThere) left--;
          }
          expect(cache.size + counted).toBe(left);
          if (size === 0) return;
          cache.lruSize = later;
          expect(cache.size + counted).toBe(left);
        },
      ),
    );
  });

  it('tells an eviction from a deletion by a hook of the application', () => {
    let counted = 0;
    const cache = new CacheableMemory({ lruSize: 3 });
    cache.onHook('AFTER_SET', () => cache.delete('first'));
    watchCacheableMemory(cache, (entries) => (counted += entries), guard());
    for (const key of ['first', 'second', 'third']) cache.set(key, key);
    expect(cache.size).toBe(2);
    expect(counted).toBe(0);
  });
});
