import { describe, expect, it } from '@jest/globals';
import { type Cache, createCache } from 'cache-manager';
import { createCache as createCache6 } from 'cache-manager-6';
import { Keyv } from 'keyv';
import { MetricsRegistry } from '../../../lib/metrics/registry.js';
import { watchCacheManager } from '../../../lib/integrations/cache-manager/cache-manager.watch.js';
import { CacheRecorder } from '../../../lib/integrations/cache.recorder.js';
import { watchKeyv, watchStore } from '../../../lib/integrations/keyv/keyv.watch.js';
import { asOwnCall } from '../../../lib/integrations/own-calls.js';
import { systemClock } from '../../../lib/metrics/clock.js';
import { type Step, transcriptOf } from '../../services/support/call-transcript.js';
import { valuesOf } from '../values.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- some calls are what no type allows
type AnyCache = any;

interface Counts {
  readonly hits?: number;
  readonly misses?: number;
  readonly sets?: number;
  readonly deletes?: number;
  readonly errors?: number;
}

interface Case {
  readonly title: string;
  readonly before?: (cache: AnyCache) => unknown;
  readonly step: (cache: AnyCache) => unknown;
  readonly counts: Counts;
}

function countsOf(registry: MetricsRegistry, cache: string): Counts {
  const counts: Record<string, number> = {};
  for (const kind of ['hits', 'misses', 'sets', 'deletes', 'errors']) {
    const series = Object.entries(valuesOf(registry, `cache_${kind}_total`));
    const n = series
      .filter(([key]) => key.split(' ')[0] === cache)
      .reduce((sum, [, value]) => sum + value, 0);
    if (n !== 0) counts[kind] = n;
  }
  return counts;
}

const hostileKey = {
  toString(): never {
    throw new RangeError('no key');
  },
};

/** An adapter that fails, as one does whose server is gone. */
const brokenAdapter = () => ({
  opts: {},
  get: () => Promise.reject(new Error('gone')),
  set: () => Promise.reject(new Error('gone')),
  delete: () => Promise.reject(new Error('gone')),
  clear: () => Promise.reject(new Error('gone')),
});

async function fill(cache: AnyCache): Promise<void> {
  for (const [key, value] of [
    ['a', 1],
    ['null', null],
    ['false', false],
    ['zero', 0],
    ['empty', ''],
  ]) {
    await cache.set(key, value);
  }
  await cache.set('old', 1, 1);
  await new Promise((resolve) => setTimeout(resolve, 5));
}

const STORE: readonly Case[] = [
  { title: 'get() of a value', step: (c) => c.get('a'), counts: { hits: 1 } },
  { title: 'get() of null', step: (c) => c.get('null'), counts: { hits: 1 } },
  { title: 'get() of false', step: (c) => c.get('false'), counts: { hits: 1 } },
  { title: 'get() of nothing', step: (c) => c.get('none'), counts: { misses: 1 } },
  { title: 'get() of what has expired', step: (c) => c.get('old'), counts: { misses: 1 } },
  {
    title: 'get() of several keys',
    step: (c) => c.get(['a', 'none', 'null']),
    counts: { hits: 2, misses: 1 },
  },
  { title: 'get() without a key', step: (c) => c.get(), counts: { errors: 1 } },
  { title: 'get() of a raw value', step: (c) => c.get('a', { raw: true }), counts: { hits: 1 } },
  { title: 'getRaw()', step: (c) => c.getRaw('a'), counts: { hits: 1 } },
  { title: 'getMany()', step: (c) => c.getMany(['a', 'zero', 'none']), counts: { hits: 2, misses: 1 } },
  { title: 'getMany() of no keys', step: (c) => c.getMany([]), counts: {} },
  { title: 'getManyRaw()', step: (c) => c.getManyRaw(['a', 'none']), counts: { hits: 1, misses: 1 } },
  { title: 'has()', step: (c) => c.has('a'), counts: { hits: 1 } },
  { title: 'has() of nothing', step: (c) => c.has('none'), counts: { misses: 1 } },
  { title: 'hasMany()', step: (c) => c.hasMany(['a', 'none']), counts: { hits: 1, misses: 1 } },
  { title: 'set()', step: (c) => c.set('b', 2), counts: { sets: 1 } },
  { title: 'set() of what cannot be stored', step: (c) => c.set('b', Symbol('s')), counts: { errors: 1 } },
  {
    title: 'setMany()',
    step: (c) =>
      c.setMany([
        { key: 'b', value: 1 },
        { key: 'c', value: 2 },
      ]),
    counts: { sets: 2 },
  },
  { title: 'setMany() without entries', step: (c) => c.setMany(), counts: { errors: 1 } },
  { title: 'delete()', step: (c) => c.delete('a'), counts: { deletes: 1 } },
  { title: 'delete() of nothing', step: (c) => c.delete('none'), counts: {} },
  { title: 'delete() of several keys', step: (c) => c.delete(['a', 'zero']), counts: { deletes: 2 } },
  { title: 'deleteMany()', step: (c) => c.deleteMany(['a', 'zero']), counts: { deletes: 2 } },
  { title: 'clear()', step: (c) => c.clear(), counts: {} },
  { title: 'a hostile key', step: (c) => c.get(hostileKey), counts: { errors: 1 } },
  {
    title: 'an iterator',
    step: async (c) => {
      const found = [];
      for await (const [key] of c.iterator()) found.push(key);
      return found;
    },
    // One value has expired and is deleted on the way.
    counts: { deletes: 1 },
  },
];

const CACHE: readonly Case[] = [
  { title: 'get() of a value', step: (c) => c.get('a'), counts: { hits: 1 } },
  { title: 'get() of null', step: (c) => c.get('null'), counts: { hits: 1 } },
  { title: 'get() of nothing', step: (c) => c.get('none'), counts: { misses: 1 } },
  { title: 'get() of what has expired', step: (c) => c.get('old'), counts: { misses: 1 } },
  { title: 'mget()', step: (c) => c.mget(['a', 'null', 'none']), counts: { hits: 2, misses: 1 } },
  { title: 'mget() of no list', step: (c) => c.mget(), counts: { errors: 1 } },
  { title: 'ttl() of a value that does not expire', step: (c) => c.ttl('a'), counts: { hits: 1 } },
  { title: 'ttl() of nothing', step: (c) => c.ttl('none'), counts: { misses: 1 } },
  { title: 'set()', step: (c) => c.set('b', 1), counts: { sets: 1 } },
  { title: 'mset()', step: (c) => c.mset([{ key: 'b', value: 1 }]), counts: { sets: 1 } },
  { title: 'del()', step: (c) => c.del('a'), counts: { deletes: 1 } },
  { title: 'mdel()', step: (c) => c.mdel(['a', 'none']), counts: { deletes: 2 } },
  { title: 'clear()', step: (c) => c.clear(), counts: {} },
  { title: 'wrap() of a value', step: (c) => c.wrap('a', () => 2), counts: { hits: 1 } },
  { title: 'wrap() of null', step: (c) => c.wrap('null', () => 2), counts: { hits: 1 } },
  { title: 'wrap() of nothing', step: (c) => c.wrap('none', () => 2), counts: { misses: 1, sets: 1 } },
  {
    title: 'wrap() of what is made later',
    step: (c) => c.wrap('none', async () => ({ made: await Promise.resolve(true) })),
    counts: { misses: 1, sets: 1 },
  },
  {
    title: 'wrap() of what cannot be made',
    step: (c) => c.wrap('none', () => Promise.reject(new Error('no value'))),
    counts: { misses: 1 },
  },
  {
    title: 'wrap() of what is made for somebody else',
    step: (c) => Promise.all([c.wrap('none', () => 2), c.wrap('none', () => 3)]),
    counts: { hits: 1, misses: 1, sets: 1 },
  },
  {
    title: 'wrap() of a value that is refreshed ahead with an equal one',
    before: (c) => c.set('soon', 1, 60_000),
    step: (c) => c.wrap('soon', () => 1, 60_000, 120_000),
    counts: { hits: 1, sets: 1 },
  },
  {
    title: 'wrap() of a value that cannot be refreshed ahead',
    before: (c) => c.set('soon', 1, 60_000),
    step: (c) => c.wrap('soon', () => Promise.reject(new Error('no value')), 60_000, 120_000),
    counts: { hits: 1 },
  },
  {
    title: 'wrap() within wrap()',
    step: (c) => c.wrap('outer', () => c.wrap('a', () => 2)),
    counts: { hits: 1, misses: 1, sets: 1 },
  },
  { title: 'wrap() of no function', step: (c) => c.wrap('a'), counts: { hits: 1 } },
];

async function compare<C>(
  make: () => C,
  watch: (cache: C, registry: MetricsRegistry) => unknown,
  each: Case,
) {
  const registry = new MetricsRegistry();
  const [plain, watched] = [make(), make()];
  for (const cache of [plain, watched]) {
    await fill(cache);
    await each.before?.(cache);
  }
  watch(watched, registry);
  const steps: Step<C>[] = [[each.title, each.step]];
  const expected = await transcriptOf(plain, steps, { once: true });
  expect(await transcriptOf(watched, steps, { once: true })).toEqual(expected);
  await new Promise(setImmediate);
  return registry;
}

const watchOne = (store: Keyv, registry: MetricsRegistry) => {
  const recorder = new CacheRecorder(registry, systemClock);
  watchStore(store, recorder);
  watchKeyv(store, recorder.forCache('STORE'));
};
const makeStore = () => {
  const store = new Keyv();
  store.on('error', () => undefined);
  return store;
};

describe('an instrumented Keyv store', () => {
  it.each(STORE)('answers $title as before, and counts it', async (each) => {
    const registry = await compare(makeStore, watchOne, each);
    expect(countsOf(registry, 'STORE')).toEqual(each.counts);
  });

  it.each([true, false])(
    'has errors where its adapter fails, and no misses (throwing: %s)',
    async (throwOnErrors) => {
      const broken = () => {
        const store = new Keyv({ store: brokenAdapter(), throwOnErrors });
        store.on('error', () => undefined);
        return store;
      };
      const [plain, watched] = [broken(), broken()];
      const registry = new MetricsRegistry();
      watchOne(watched, registry);
      const steps: Step<Keyv>[] = [
        ['get', (c) => c.get('a')],
        ['set', (c) => c.set('a', 1)],
        ['delete', (c) => c.delete('a')],
        ['clear', (c) => c.clear()],
        ['has', (c) => c.has('a')],
      ];
      const expected = await transcriptOf(plain, steps, { once: true });
      expect(await transcriptOf(watched, steps, { once: true })).toEqual(expected);
      expect(valuesOf(registry, 'cache_errors_total')).toEqual({
        'STORE get': 1,
        'STORE set': 1,
        'STORE delete': 1,
        'STORE clear': 1,
        'STORE has': 1,
      });
      expect(countsOf(registry, 'STORE')).not.toHaveProperty('misses');
    },
  );
});

describe.each([
  ['a cache', () => createCache()],
  ['a cache of two stores', () => createCache({ stores: [new Keyv(), new Keyv()] })],
  ['a cache of version 6', () => createCache6() as unknown as Cache],
  [
    'a cache of two stores of version 6',
    () => createCache6({ stores: [new Keyv(), new Keyv()] }) as unknown as Cache,
  ],
  [
    'a cache of two stores of version 6, of which the first answers',
    () => createCache6({ stores: [new Keyv(), new Keyv()], nonBlocking: true }) as unknown as Cache,
  ],
] as const)('%s of cache-manager that is watched', (_, make) => {
  it.each(CACHE)('answers $title as before, and counts it once', async (each) => {
    const registry = await compare(
      make,
      (cache, watched) => {
        const recorder = new CacheRecorder(watched, systemClock);
        for (const [index, store] of cache.stores.entries()) {
          watchStore(store, recorder);
          // As it is where the application provides the store, too.
          watchKeyv(store, recorder.forCache(`store-${index}`));
        }
        watchCacheManager(cache, recorder.forCache('CACHE'));
      },
      each,
    );
    expect(countsOf(registry, 'CACHE')).toEqual(each.counts);
    for (const store of ['store-0', 'store-1']) expect(countsOf(registry, store)).toEqual({});
  });
});

describe('a cache call by monitoring itself', () => {
  it('is not counted, even if it is answered later', async () => {
    const registry = new MetricsRegistry();
    const recorder = new CacheRecorder(registry, systemClock);
    const store = new Keyv();
    watchKeyv(store, recorder.forCache('STORE'));
    await asOwnCall(async () => {
      await store.set('a', 1);
      await store.get('a');
    });
    expect(countsOf(registry, 'STORE')).toEqual({});
    await store.get('a');
    expect(countsOf(registry, 'STORE')).toEqual({ hits: 1 });
  });
});
