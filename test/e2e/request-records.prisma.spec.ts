import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import { Controller, Get, Inject, Param } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sourceLineOf } from '../support/source-line.js';
import { methodsOf, RecordedApp } from './fixture/recorded-app.js';
import { RepeatedOperations } from './fixture/repeated-operations.mjs';
import { total } from './fixture/start-app.js';

interface PrismaClient {
  /** The statements that the server got. */
  readonly sent: readonly string[];
  readonly order: Readonly<Record<'findFirst' | 'findUnique', (args: object) => PromiseLike<unknown>>>;
}

/** Loads the stand-in for a client as what it stands for: code of a package. */
function loadPrisma(): { PrismaClient: new (engine: string, logQueries: boolean) => PrismaClient } {
  const code = readFileSync(join(process.cwd(), 'test/e2e/fixture/prisma-client.cjs'), 'utf8');
  const filename = '/app/node_modules/@prisma/client/runtime/client.js';
  const module = { exports: {} };
  (compileFunction(code, ['module', 'require'], { filename }) as (...args: unknown[]) => void)(
    module,
    createRequire(import.meta.url),
  );
  return module.exports as ReturnType<typeof loadPrisma>;
}

@Controller()
class OrdersController {
  constructor(@Inject('CLIENT') private readonly client: PrismaClient) {}

  @Get('faults/:name')
  async fault(@Param('name') name: string): Promise<void> {
    await (new RepeatedOperations(this.client) as unknown as Record<string, () => Promise<void>>)[name]!();
  }

  @Get('batch')
  async unique(): Promise<void> {
    await Promise.all(Array.from({ length: 12 }, (_, id) => this.client.order.findUnique({ where: { id } })));
  }

  @Get('mixed/:n')
  async mixed(@Param('n') n: string): Promise<void> {
    for (let id = 0; id < Number(n); id++) await this.client.order.findFirst({ where: { id } });
  }
}

describe.each([
  ['an engine that tells its statements', 'ClientEngine', true, /^SELECT \* FROM "Order" WHERE id = \?$/],
  ['one without events', 'ClientEngine', false, /^findFirst Order$/],
  ['one whose events are late', 'LibraryEngine', true, /^findFirst Order$/],
] as const)('the record of a request to Prisma, with %s', (_, engine, logQueries, name) => {
  let app: RecordedApp;
  let client: PrismaClient;

  beforeAll(async () => {
    const { PrismaClient } = loadPrisma();
    client = new PrismaClient(engine, logQueries);
    app = await RecordedApp.start('fastify', {
      controllers: [OrdersController],
      providers: [{ provide: 'CLIENT', useValue: client }],
    });
  }, 60_000);
  afterAll(() => app.close());

  it.each(methodsOf(RepeatedOperations))('names the N+1 of a handler by its line: %s', async (fault) => {
    const record = await app.recordOf(`/faults/${fault}`);
    const { parts } = record;
    const calls = record.calls.filter(({ name: each }) => each !== 'COMMIT');
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ system: 'postgresql', isRepeated: true });
    expect(calls[0]!.name).toMatch(name);
    expect(calls[0]!.count).toBe(fault === 'afterAnother' ? 13 : 12);
    expect(await sourceLineOf(calls[0]!.site)).toContain(`// line of ${fault}`);
    // The double answers from this process: on a busy machine, all of its time is that of the event loop.
    expect((parts.database ?? 0) + (parts.event_loop ?? 0)).toBeGreaterThan(0);
  });

  it('finds no N+1 in operations that are one statement', async () => {
    const { calls } = await app.recordOf('/batch');
    expect(calls).toEqual([expect.objectContaining({ count: 1, isRepeated: false })]);
  });

  it('has each statement of its own, and none of another request', async () => {
    const counted = total(app.registry, 'http_request_queries_total');
    const before = client.sent.length;
    await Promise.all(
      Array.from({ length: 40 }, async (_unused, i) => {
        const { calls } = await app.recordOf(`/mixed/${i % 6}`);
        expect(calls[0]?.count ?? 0).toBe(i % 6);
      }),
    );
    expect(total(app.registry, 'http_request_queries_total') - counted).toBe(client.sent.length - before);
  });
});
