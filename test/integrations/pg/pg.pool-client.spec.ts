import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { connectPgPool, useOnce } from '../../../lib/integrations/pg/pg.pool-client.js';
import type { PgPool, PgPoolClient } from '../../../lib/integrations/pg/pg.discovery.js';

/** A client of a pool, whose errors nobody else listens to. */
class PoolClient extends EventEmitter {
  readonly released: boolean[] = [];

  release(destroy = false): void {
    this.released.push(destroy);
  }

  async query(): Promise<{ rows: [] }> {
    return { rows: [] };
  }
}

type Connected = (error: unknown, client: PgPoolClient | undefined) => void;

function poolOf(connect: (connected: Connected) => void): PgPool {
  return { connect } as unknown as PgPool;
}

describe('a client of a pool', () => {
  it('may be lost in the same moment in which it was connected', async () => {
    const client = new PoolClient();
    const pool = poolOf((connected) => {
      connected(undefined, client);
      // As pg does when the server ends the connection in the same packet.
      client.emit('error', new Error('terminating connection'));
    });
    await expect(connectPgPool(pool, new AbortController().signal)).resolves.toBe(client);
  });

  it('is given back without a listener of ours', async () => {
    const client = new PoolClient();
    const taken = await connectPgPool(
      poolOf((connected) => connected(undefined, client)),
      new AbortController().signal,
    );
    expect(client.listenerCount('error')).toBe(1);
    await useOnce(taken, () => taken.query('SELECT 1'));
    expect([client.released, client.listenerCount('error')]).toEqual([[false], 0]);
  });

  it('is destroyed if the work with it fails, and its last error is ignored', async () => {
    const client = new PoolClient();
    const taken = await connectPgPool(
      poolOf((connected) => connected(undefined, client)),
      new AbortController().signal,
    );
    await expect(useOnce(taken, () => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
    expect(client.released).toEqual([true]);
    expect(() => client.emit('error', new Error('lost'))).not.toThrow();
  });

  it('that comes after the time limit is given back', async () => {
    const client = new PoolClient();
    let connect: Connected = () => undefined;
    const controller = new AbortController();
    const connecting = connectPgPool(
      poolOf((connected) => (connect = connected)),
      controller.signal,
    );
    controller.abort(new Error('too late'));
    await expect(connecting).rejects.toThrow('too late');
    connect(undefined, client);
    await new Promise(setImmediate);
    expect([client.released, client.listenerCount('error')]).toEqual([[false], 0]);
  });

  it.each([[new Error('refused')], ['refused']])('that cannot be connected rejects: %p', async (error) => {
    const pool = poolOf((connected) => connected(error, undefined));
    await expect(connectPgPool(pool, new AbortController().signal)).rejects.toThrow('refused');
  });
});
