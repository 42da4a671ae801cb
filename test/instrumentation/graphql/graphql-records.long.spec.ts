import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { BadRequestException, Inject } from '@nestjs/common';
import {
  Field,
  GraphQLModule,
  Int,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { MonitoringOptions } from 'nestjs-monitoring';
import type { DataSource } from 'typeorm';
import { FixtureModule, WITHOUT_COLLECTORS } from '../../e2e/fixture/fixture.module.js';
import { type RunningApp, startApp } from '../../e2e/fixture/start-app.js';
import { callsOf, recordsOf } from '../requests/recorded.js';
import { counts } from '../support.js';

@ObjectType()
class Order {
  @Field(() => Int)
  id!: number;
}

/** Resolvers of which one is an N+1. */
@Resolver(() => Order)
class OrdersResolver {
  constructor(@Inject(getDataSourceToken()) private readonly dataSource: DataSource) {}

  @Query(() => [Order])
  async orders(): Promise<Order[]> {
    await this.dataSource.query('SELECT 1 AS one');
    return Array.from({ length: 12 }, (_, id) => ({ id }));
  }

  @ResolveField(() => Int)
  async total(@Parent() { id }: Order): Promise<number> {
    await this.dataSource.query(`SELECT ${id} AS total WHERE 1 = 1`);
    return id;
  }

  @Query(() => Int)
  broken(): number {
    throw new TypeError('not to be kept');
  }

  @Query(() => Int)
  refused(): number {
    throw new BadRequestException('not to be kept');
  }
}

const DRIVERS = {
  Apollo: ['express', { driver: ApolloDriver, autoSchemaFile: true, graphiql: false }],
  Mercurius: ['fastify', { driver: MercuriusDriver, autoSchemaFile: true, jit: 1 }],
} as const;

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

describe.each(['Apollo', 'Mercurius'] as const)('the record of a GraphQL operation on %s', (driver) => {
  /** Mercurius has no exceptions in what it responds. */
  const isNamed = driver === 'Apollo';
  const request = 'POST /graphql';

  async function start(options: MonitoringOptions = {}): Promise<RunningApp> {
    const [adapter, driverOptions] = DRIVERS[driver];
    const app = await startApp(
      adapter,
      FixtureModule.with(
        {
          ...WITHOUT_COLLECTORS,
          collectors: { ...WITHOUT_COLLECTORS.collectors, database: {} },
          requests: { records: { sampleRate: 1 } },
          ...options,
        },
        {
          imports: [
            GraphQLModule.forRoot<ApolloDriverConfig & MercuriusDriverConfig>(driverOptions),
            TypeOrmModule.forRoot({ type: 'sqljs', autoSave: false }),
          ],
          providers: [OrdersResolver],
        },
      ),
    );
    closing.push(() => app.close());
    return app;
  }

  async function ask(app: RunningApp, query: string): Promise<void> {
    await app.ask({
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
  }

  it('is that of its request, which names the operation, and the N+1 of a resolver with its line', async () => {
    const running = await start();
    await ask(running, '{ orders { id total } }');
    const [record] = await recordsOf(running.app, `${request} query orders`);
    expect(record!.kind).toBe('http');
    expect(callsOf(record!)).toEqual([
      'database sqlite SELECT ? AS one ×1',
      'database sqlite SELECT ? AS total WHERE ? = ? ×12 *',
    ]);
    expect(record!.calls.find(({ isRepeated }) => isRepeated)!.site).toMatch(
      /^OrdersResolver\.total \(test\/instrumentation\/graphql\/graphql-records\.long\.spec\.ts/,
    );
    expect(counts(running.registry, 'graphql_n_plus_one_operations_total')).toEqual({
      'operation_type=query operation=orders': 1,
    });
    expect(counts(running.registry, 'graphql_operation_queries_total')).toEqual({
      'operation_type=query operation=orders': 13,
    });
    expect(counts(running.registry, 'http_request_queries_total')).toEqual({
      'method=POST route=/graphql': 13,
    });
  });

  it('has failed if a resolver throws and the driver reports it, though the status is 200', async () => {
    const running = await start();
    await ask(running, '{ broken }');
    const [record] = await recordsOf(running.app, `${request} query broken`);
    expect(record!.status).toBe(200);
    expect(record!.hasFailed).toBe(isNamed);
    expect(record!.exception).toEqual(
      isNamed ? { error: 'TypeError', site: expect.stringMatching(/^OrdersResolver\.broken /) } : undefined,
    );
    expect(JSON.stringify(record)).not.toContain('not to be kept');
  });

  it.each(['{ refused }', '{ unknown }', '{'])('has not failed for what it refuses: %s', async (query) => {
    const running = await start();
    await ask(running, query);
    await ask(running, '{ orders { id } }');
    await recordsOf(running.app, `${request} query orders`);
    expect(running.registry.getMetric('graphql_errors_total')).toBeDefined();
    const name = query === '{ refused }' ? 'query refused' : '<unknown> <invalid>';
    const [record] = await recordsOf(running.app, `${request} ${name}`);
    expect(record).toMatchObject({ hasFailed: false, exception: undefined });
  });

  it('is its own if HTTP requests are not measured', async () => {
    const running = await start({ http: false });
    await ask(running, '{ orders { id total } }');
    await ask(running, '{ broken }');
    const [record] = await recordsOf(running.app, 'query orders');
    expect(record!.kind).toBe('graphql');
    expect(callsOf(record!)).toHaveLength(2);
    const [broken] = await recordsOf(running.app, 'query broken');
    expect(broken).toMatchObject(
      isNamed ? { hasFailed: true, exception: { error: 'TypeError' } } : { hasFailed: false },
    );
  });
});
