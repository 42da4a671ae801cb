import { EventEmitter } from 'node:events';
import { Controller, Get, Inject, Param } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { drizzle } from 'drizzle-orm/node-postgres';
import { type Client, Pool } from 'pg';
import { sourceLineOf } from '../support/source-line.js';
import { methodsOf, RecordedApp } from './fixture/recorded-app.js';
import { RepeatedSelects } from './fixture/repeated-selects.mjs';

/** A client whose server answers with no rows, and with an error to DELETE. No stack trace leads back from its callbacks. */
class AnsweringClient extends EventEmitter {
  readonly _queryable = true;

  connect(callback: () => void): void {
    setImmediate(callback);
  }

  query(config: { readonly text: string } | string, values: unknown, callback = values): unknown {
    const text = typeof config === 'string' ? config : config.text;
    const error = text.startsWith('delete') ? new Error('denied') : undefined;
    const answer = (end: (error: unknown, result?: object) => void) =>
      setTimeout(end, 1, error, { rows: [] });
    if (typeof callback === 'function') return void answer(callback as () => void);
    return new Promise<object>((resolve, reject) => {
      answer((failure, result = {}) => (failure === undefined ? resolve(result) : reject(error!)));
    });
  }

  end(callback?: () => void): void {
    callback?.();
  }
}

@Controller()
class OrdersController {
  constructor(@Inject('DRIZZLE') private readonly db: object) {}

  @Get('faults/:name')
  async fault(@Param('name') name: string): Promise<void> {
    await (new RepeatedSelects(this.db) as unknown as Record<string, () => Promise<void>>)[name]!();
  }
}

describe('the record of a request to Drizzle, whose queries are sent once they are awaited', () => {
  let app: RecordedApp;
  const pool = new Pool({ Client: AnsweringClient as unknown as typeof Client });

  beforeAll(async () => {
    app = await RecordedApp.start('fastify', {
      controllers: [OrdersController],
      providers: [{ provide: 'DRIZZLE', useValue: drizzle({ client: pool }) }],
    });
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await pool.end();
  });

  it.each(methodsOf(RepeatedSelects))('names the N+1 of a handler by its line: %s', async (fault) => {
    const { calls } = await app.recordOf(`/faults/${fault}`);
    const repeated = calls.filter(({ isRepeated }) => isRepeated);
    expect(repeated).toEqual([expect.objectContaining({ system: 'postgresql', count: 12 })]);
    expect(await sourceLineOf(repeated[0]!.site)).toContain(`// line of ${fault}`);
  });
});
