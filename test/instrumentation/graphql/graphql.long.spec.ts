import { afterEach, describe, expect, it } from '@jest/globals';
import 'reflect-metadata';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import type { MetricsRegistry, MonitoringOptions } from 'nestjs-monitoring';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { FixtureModule, WITHOUT_COLLECTORS } from '../../e2e/fixture/fixture.module.js';
import { eventually, type RunningApp, startApp, total } from '../../e2e/fixture/start-app.js';
import { counts } from '../support.js';
import { DealsResolver } from './graphql.fixture.js';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const SERVERS = {
  Apollo: {
    adapter: 'express',
    module: () =>
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        autoSchemaFile: true,
        graphiql: false,
        subscriptions: { 'graphql-ws': true },
      }),
  },
  Mercurius: {
    adapter: 'fastify',
    module: () =>
      GraphQLModule.forRoot<MercuriusDriverConfig>({
        driver: MercuriusDriver,
        autoSchemaFile: true,
        subscription: { fullWsTransport: true, wsDefaultSubprotocol: 'graphql-transport-ws' },
        jit: 1,
      }),
  },
} as const;

async function start(server: keyof typeof SERVERS, options: MonitoringOptions = {}): Promise<RunningApp> {
  const { adapter, module } = SERVERS[server];
  const app = await startApp(
    adapter,
    FixtureModule.with(
      { ...WITHOUT_COLLECTORS, ...options },
      { imports: [module()], providers: [DealsResolver] },
    ),
  );
  closing.push(() => app.close());
  return app;
}

async function ask(
  app: RunningApp,
  query: string,
  operationName?: string,
): Promise<{ data?: unknown; errors?: unknown[] }> {
  const { body } = await app.ask({
    method: 'POST',
    path: '/graphql',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, ...(operationName !== undefined && { operationName }) }),
  });
  return JSON.parse(body) as { data?: unknown; errors?: unknown[] };
}

function operations(registry: MetricsRegistry): Record<string, number> {
  return counts(registry, 'graphql_operations_total');
}

describe.each(['Apollo', 'Mercurius'] as const)('GraphQL operations on %s', (server) => {
  it('get the same responses, and are counted by type, field and outcome', async () => {
    const app = await start(server);
    expect(await ask(app, '{ deals { id score } }')).toEqual({
      data: {
        deals: [
          { id: 1, score: 10 },
          { id: 2, score: 20 },
        ],
      },
    });
    expect(await ask(app, 'query GetDeal { first: deal(id: 7) { title } }')).toMatchObject({
      data: { first: { title: 'deal 7' } },
    });
    await ask(app, 'mutation { close(id: 1) { id } }');
    await ask(app, 'query { ...F } fragment F on Query { deals { id } __typename }');
    await ask(app, '{ deals { id } deal(id: 1) { id } }');

    expect(operations(app.registry)).toEqual({
      'operation_type=query operation=deals outcome=success': 2,
      'operation_type=query operation=deal outcome=success': 1,
      'operation_type=mutation operation=close outcome=success': 1,
      'operation_type=query operation=<several> outcome=success': 1,
    });
    expect(total(app.registry, 'graphql_operation_duration_seconds')).toBe(5);
    expect(total(app.registry, 'graphql_operations_in_progress')).toBe(0);
    expect((await app.recorded(5)).requests).toHaveLength(5);
    expect(app.registry.getMetric('graphql_resolver_duration_seconds')).toBeUndefined();
  });

  it('count errors by the code of the response or the class of the exception', async () => {
    const app = await start(server);
    const { registry } = app;
    for (const query of ['{ deal(id: 404) { id } }', '{ deal(id: 500) { id } }', '{ guarded }']) {
      expect((await ask(app, query)).errors).toHaveLength(1);
    }
    expect(operations(registry)).toEqual({
      'operation_type=query operation=deal outcome=error': 2,
      'operation_type=query operation=guarded outcome=error': 1,
    });
    // Mercurius does not tell the class.
    const [missing, guarded] =
      server === 'Apollo' ? ['INTERNAL_SERVER_ERROR', 'FORBIDDEN'] : ['GraphQLError', 'GraphQLError'];
    expect(counts(registry, 'graphql_errors_total')).toEqual({
      [`operation_type=query operation=deal error=${missing}`]: 1,
      'operation_type=query operation=deal error=OUT_OF_STOCK': 1,
      [`operation_type=query operation=guarded error=${guarded}`]: 1,
    });
  });

  it('create no series from client input: names, fields, aliases and invalid documents', async () => {
    const app = await start(server, { graphql: { operationNames: ['Known'] } });
    for (let i = 0; i < 20; i++) {
      await ask(app, `query Random${i} { alias${i}: deals { id } }`);
      await ask(app, `query Random${i} { noSuchField${i} }`);
      await ask(app, `{ unfinished${i} `);
    }
    await ask(app, 'query Known { deals { id } }');
    await ask(app, 'query One { deals { id } } query Known { deal(id: 1) { id } }', 'Known');
    expect(operations(app.registry)).toEqual({
      'operation_type=query operation=deals outcome=success': 20,
      'operation_type=<unknown> operation=<invalid> outcome=error': 40,
      'operation_type=query operation=Known outcome=success': 2,
    });
    expect(total(app.registry, 'graphql_operations_in_progress')).toBe(0);
  });

  it('time each resolver if resolvers is true', async () => {
    const app = await start(server, { graphql: { resolvers: true } });
    await ask(app, '{ deals { id score } }');
    await ask(app, '{ deal(id: 404) { id } }');
    expect(counts(app.registry, 'graphql_resolver_duration_seconds')).toEqual({
      'field=Query.deals outcome=success': 1,
      'field=Deal.score outcome=success': 2,
      'field=Query.deal outcome=error': 1,
    });
  });

  it('are not measured with graphql: false', async () => {
    const app = await start(server, { graphql: false });
    await ask(app, '{ deals { id } }');
    expect(app.registry.getMetric('graphql_operations_total')).toBeUndefined();
  });

  it('include subscriptions, which are open until they end or their client disconnects', async () => {
    const app = await start(server);
    const { registry } = app;
    const client = createClient({
      url: `ws://127.0.0.1:${app.port}/graphql`,
      webSocketImpl: WebSocket,
      lazy: true,
      retryAttempts: 0,
    });
    closing.push(() => client.dispose());
    const received: unknown[] = [];
    for await (const { data } of client.iterate({ query: 'subscription { counted(to: 3) }' }))
      received.push(data);
    expect(received).toEqual([{ counted: 1 }, { counted: 2 }, { counted: 3 }]);
    const endless = client.iterate({ query: 'subscription { counted(to: 100000) }' });
    await endless.next();
    expect(counts(registry, 'graphql_subscriptions_open')).toEqual({ 'field=counted': 1 });
    await endless.return?.();
    await eventually(() =>
      expect(counts(registry, 'graphql_subscription_duration_seconds')).toEqual({
        'field=counted outcome=success': 1,
        'field=counted outcome=cancelled': 1,
      }),
    );
    expect(counts(registry, 'graphql_subscriptions_open')).toEqual({});
    expect(total(registry, 'graphql_subscription_events_total')).toBeGreaterThanOrEqual(4);
  });
});
