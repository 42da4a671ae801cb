import { afterEach, describe, expect, it } from '@jest/globals';
import { ModulesContainer } from '@nestjs/core';
import { ApplicationObjects } from '../../lib/integrations/application-objects.integration.js';
import { findBullMqWorkers, findBullRegistrars } from '../../lib/integrations/bullmq/bullmq.discovery.js';
import { CLIENT_QUERIES } from '../../lib/integrations/client-queries.js';
import { foundCaches, foundDatabases, foundQueues } from '../../lib/integrations/found-clients.js';
import { findOwnNodeRedisClients } from '../../lib/integrations/node-redis/node-redis.discovery.js';
import type { ObjectQuery } from '../../lib/integrations/object-search.js';
import { startedApplication } from './started-application.js';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** Returns the objects of an application that has this one object in a service. */
async function objectsWith(
  object: object,
  queries: readonly ObjectQuery<object>[],
): Promise<{ objects: ApplicationObjects; service: Record<string, unknown>; reads: () => number }> {
  let reads = 0;
  const service: Record<string, unknown> = { object };
  const watched = new Proxy(service, {
    ownKeys: (target) => {
      reads++;
      return Reflect.ownKeys(target);
    },
  });
  const { app } = await startedApplication({ providers: [{ provide: 'SERVICE', useValue: watched }] });
  closing.push(() => app.close());
  return { objects: new ApplicationObjects(app.get(ModulesContainer), queries), service, reads: () => reads };
}

/** Returns an object that calls back for each name that it is asked for. */
function asked(target: object, onAsk: (name: PropertyKey) => void): object {
  return new Proxy(target, {
    has: (of, name) => {
      onAsk(name);
      return Reflect.has(of, name);
    },
  });
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('the queries of all finders', () => {
  it('are answered by one pass over the application', async () => {
    const { objects, reads } = await objectsWith({}, CLIENT_QUERIES);
    for (const find of [
      foundDatabases,
      foundCaches,
      foundQueues,
      findOwnNodeRedisClients,
      findBullMqWorkers,
      findBullRegistrars,
    ]) {
      expect(find(objects)).toEqual([]);
    }
    expect(reads()).toBe(1);
  });

  it('have marks, so that an object of no client is asked for each mark once, and for nothing else', async () => {
    const marks = new Set(CLIENT_QUERIES.flatMap((query) => query.marks ?? ['a query without marks']));
    const names: PropertyKey[] = [];
    const { objects } = await objectsWith(
      asked({}, (name) => names.push(name)),
      CLIENT_QUERIES,
    );
    foundDatabases(objects);
    expect(new Set(names)).toEqual(marks);
    expect(names).toHaveLength(marks.size);
    objects.refresh();
    foundDatabases(objects);
    expect(names).toHaveLength(marks.size);
  });
});

describe('an object with a mark', () => {
  const isReady = (candidate: object): candidate is { ready: boolean } =>
    (candidate as { ready?: unknown }).ready === true;
  const query: ObjectQuery<{ ready: boolean }> = { marks: ['ready'], is: isReady };

  it('is examined again after refresh(), since a hook may have made it a match', async () => {
    const late = { ready: false };
    const { objects } = await objectsWith(late, [query]);
    expect(objects.find(query)).toEqual([]);
    late.ready = true;
    objects.refresh();
    expect(objects.find(query).map(({ instance }) => instance)).toEqual([late]);
  });

  it('may inherit the mark', async () => {
    const heir = Object.create({ ready: true }) as object;
    const { objects } = await objectsWith(heir, [query]);
    expect(objects.find(query).map(({ instance }) => instance)).toEqual([heir]);
  });

  it('is found by a query that comes later', async () => {
    const ready = { ready: true };
    const { objects } = await objectsWith(ready, CLIENT_QUERIES);
    expect(foundDatabases(objects)).toEqual([]);
    expect(objects.find(query).map(({ instance }) => instance)).toEqual([ready]);
  });

  it('is found in a property that a hook sets, by the query after refresh()', async () => {
    const { objects, service } = await objectsWith({}, [query]);
    expect(objects.find(query)).toEqual([]);
    service['later'] = { ready: true };
    objects.refresh();
    expect(objects.find(query).map(({ name }) => name)).toEqual(['SERVICE.later']);
  });
});

describe('an object that becomes a match without a mark at its examination', () => {
  it('is found some scans later', async () => {
    const plain: { ready?: boolean } = {};
    const query: ObjectQuery<{ ready: boolean }> = {
      marks: ['ready'],
      is: (candidate): candidate is { ready: boolean } => 'ready' in candidate,
    };
    const { objects } = await objectsWith(plain, [query]);
    expect(objects.find(query)).toEqual([]);
    plain.ready = true;
    let found: unknown[] = [];
    for (let scan = 0; scan < 8 && found.length === 0; scan++) {
      await nextTurn();
      found = objects.find(query);
    }
    expect(found).toHaveLength(1);
  });
});

describe('a proxy that refuses to be asked', () => {
  it('is no match, and keeps no other object from being found', async () => {
    const refusing = new Proxy(
      {},
      {
        has: () => {
          throw new Error('No.');
        },
      },
    );
    const query: ObjectQuery<object> = {
      marks: ['ready'],
      is: (candidate): candidate is object => 'ready' in candidate,
    };
    const { objects, service } = await objectsWith(refusing, [query]);
    service['other'] = { ready: true };
    expect(objects.find(query).map(({ name }) => name)).toEqual(['SERVICE.other']);
  });
});
