import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { watchMongoPoolWaits } from '../../../lib/integrations/mongoose/mongoose.pool-waits.js';
import type { OperationWaits } from '../../../lib/integrations/operation-waits.js';
import { QueryRecorder } from '../../../lib/integrations/queries/query.recorder.js';
import { MetricsRegistry } from '../../../lib/metrics/registry.js';
import { FakeClock } from 'nestjs-monitoring/testing';

const SERVER = { address: 'db-1:27017' };

/** A pool as the driver tells of it, and what the operations that use it have waited for. */
class WatchedPool {
  readonly client = new EventEmitter();
  readonly clock = new FakeClock();
  /** The callers whose waits have ended, in this order. */
  readonly ended: string[] = [];
  readonly stop: () => void;
  private caller = '';

  constructor() {
    const operations = {
      begin: () => {
        const { caller } = this;
        return caller === 'nobody' ? undefined : { end: () => void this.ended.push(caller) };
      },
    } as unknown as OperationWaits;
    const options = { slowQueryThresholdMs: 100, maxTables: 10 };
    this.stop = watchMongoPoolWaits(
      this.client,
      new QueryRecorder(new MetricsRegistry(), this.clock, options, operations),
    );
  }

  starts(caller: string, event: object = SERVER): void {
    this.caller = caller;
    this.client.emit('connectionCheckOutStarted', event);
  }

  gets(durationMS?: number, event: object = SERVER): void {
    this.client.emit('connectionCheckedOut', { ...event, ...(durationMS !== undefined && { durationMS }) });
  }

  fails(durationMS?: number): void {
    this.client.emit('connectionCheckOutFailed', {
      ...SERVER,
      ...(durationMS !== undefined && { durationMS }),
    });
  }
}

describe('the waits for connections to MongoDB', () => {
  let pool: WatchedPool;
  beforeEach(() => {
    pool = new WatchedPool();
  });

  it('end in the order in which they began, with a driver that tells durations and with an older one', () => {
    for (const caller of ['a', 'nobody', 'b', 'c']) {
      pool.starts(caller);
      pool.clock.advance(10);
    }
    pool.gets(40);
    expect(pool.ended).toEqual(['a']);
    pool.gets(30);
    pool.gets();
    expect(pool.ended).toEqual(['a', 'b']);
    pool.gets();
    expect(pool.ended).toEqual(['a', 'b', 'c']);
  });

  it('end for callers that have given up without a word once a later one is served', () => {
    pool.starts('aborted');
    pool.clock.advance(10);
    pool.starts('served');
    pool.clock.advance(10);
    pool.gets(10);
    expect(pool.ended).toEqual(['aborted', 'served']);
  });

  it('end for the caller that has timed out, not for those before it', () => {
    pool.starts('patient');
    pool.clock.advance(50);
    pool.starts('impatient');
    pool.clock.advance(5);
    pool.fails(5);
    expect(pool.ended).toEqual(['impatient']);
    pool.gets(55);
    expect(pool.ended).toEqual(['impatient', 'patient']);
  });

  it('are those of each server of the deployment', () => {
    pool.starts('a');
    pool.starts('b', { address: 'db-2:27017' });
    pool.gets(0, { address: 'db-2:27017' });
    expect(pool.ended).toEqual(['b']);
  });

  it('that began before the watch, or whose events are strange, end none and throw nothing', () => {
    pool.gets(5);
    pool.fails();
    pool.starts('a');
    pool.clock.advance(100);
    // A caller that had begun after the one that is known cannot have been served before it; nor one in the future.
    pool.gets(20);
    for (const event of [undefined, null, 'text', 4711]) {
      pool.starts('nobody', event as never);
      pool.client.emit('connectionCheckedOut', event);
      pool.client.emit('connectionCheckOutFailed', event);
    }
    pool.gets(Number.NaN);
    expect(pool.ended).toEqual([]);
    pool.gets(100);
    expect(pool.ended).toEqual(['a']);
  });

  it('are bounded in number, and end when the watch ends', () => {
    for (let i = 0; i < 10_001; i++) pool.starts(`caller ${i}`);
    expect(pool.ended).toEqual(['caller 0']);
    for (let i = 0; i < 200; i++) pool.starts(`server ${i}`, { address: `db-${i}` });
    pool.stop();
    expect(pool.ended).toHaveLength(10_001 + 99);
    pool.starts('later');
    pool.stop();
    expect(pool.ended).toHaveLength(10_001 + 99);
    expect(pool.client.eventNames()).toEqual([]);
  });
});
