import { EventEmitter, once } from 'node:events';
import { Agent } from 'node:http';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Inject, Module, Req } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { MonitoringModule } from 'nestjs-monitoring';
import { WaitedCalls } from '../../lib/integrations/operation-waits.js';
import { Operations } from '../../lib/instrumentation/requests/operations.js';
import { RecordStore } from '../../lib/instrumentation/requests/record-store.js';
import { ADAPTERS, eventually, type RunningApp, startApp } from './fixture/start-app.js';

const ROUTES = 20;
const REQUESTS = 10_000;
const CLIENTS = 40;
const CALLS = new WaitedCalls('database', 'probe');

/** A pool of two connections, whose answers come in the async context of the request that created the connection. */
class Pool {
  operations: Operations | undefined;

  private readonly connections: EventEmitter[] = [];
  private readonly waiting: ((connection: EventEmitter) => void)[] = [];
  private created = 0;

  async query(name: string): Promise<void> {
    const inPool = this.operations?.begin('pool');
    const connection = await this.acquire();
    inPool?.end(undefined, false);
    const wait = this.operations?.begin('database', CALLS.of(name));
    const answered = once(connection, 'answer');
    connection.emit('ask');
    await answered;
    wait?.end(undefined, false);
    const next = this.waiting.shift();
    if (next === undefined) this.connections.push(connection);
    else next(connection);
  }

  private acquire(): EventEmitter | Promise<EventEmitter> {
    const free = this.connections.pop();
    if (free !== undefined) return free;
    if (this.created++ < 2) {
      const connection = new EventEmitter();
      connection.on('ask', () => setImmediate(() => connection.emit('answer')));
      return connection;
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}

/** A queue in memory, whose worker runs outside of every request. */
class Queue {
  private readonly jobs: { readonly run: () => Promise<void>; readonly done: () => void }[] = [];
  private isRunning = true;

  async work(): Promise<void> {
    while (this.isRunning) {
      const job = this.jobs.shift();
      if (job === undefined) {
        await sleep(1);
        continue;
      }
      await job.run();
      job.done();
    }
  }

  add(run: () => Promise<void>): Promise<void> {
    return new Promise((done) => this.jobs.push({ run, done }));
  }

  stop(): void {
    this.isRunning = false;
  }
}

@Controller()
class WorkController {
  private readonly events = new EventEmitter().setMaxListeners(0);

  constructor(
    @Inject(Pool) private readonly pool: Pool,
    @Inject(Queue) private readonly queue: Queue,
  ) {}

  @Get(Array.from({ length: ROUTES }, (_, i) => `r${i}`))
  async work(@Req() { url }: { readonly url: string }): Promise<string> {
    const name = url.slice(1);
    const heard = once(this.events, name);
    setTimeout(() => {
      void this.pool.query(`timer ${name}`).then(() => this.events.emit(name));
    }, 1);
    await Promise.all([this.pool.query(`parallel ${name}`), this.pool.query(`parallel ${name}`)]);
    await this.queue.add(() => this.pool.query('job'));
    await heard;
    await turn();
    await this.pool.query(`last ${name}`);
    return name;
  }
}

@Module({
  imports: [MonitoringModule.forRoot({ requests: { records: { sampleRate: 1 } } })],
  controllers: [WorkController],
  providers: [Pool, Queue],
})
class AppModule {}

describe.each(ADAPTERS)('ten thousand requests at once on %s', (adapter) => {
  let app: RunningApp;
  let ended = 0;
  const wrong: unknown[] = [];

  beforeAll(async () => {
    app = await startApp(adapter, AppModule);
    app.app.get(Pool).operations = app.app.get(Operations);
    void app.app.get(Queue).work();
    jest.spyOn(app.app.get(RecordStore), 'offer').mockImplementation((_candidate, _now, build) => {
      const record = build();
      const route = record.name.replace('GET /', '');
      const calls = Object.fromEntries(record.calls.map(({ name, count }) => [name, count]));
      // An equal request may have ended the wait for the event, before the own timer has asked.
      const { [`timer ${route}`]: timers = 0, [`last ${route}`]: last, ...others } = calls;
      const isRight =
        timers <= 1 && last === 1 && JSON.stringify(others) === JSON.stringify({ [`parallel ${route}`]: 2 });
      ended++;
      if (!isRight) wrong.push({ route, calls });
      return record;
    });
  });
  afterAll(() => {
    app.app.get(Queue).stop();
    return app.close();
  });

  it('have records that hold their own calls and no others', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
    let sent = 0;
    const send = async (): Promise<void> => {
      while (sent < REQUESTS) await app.get(`/r${sent++ % ROUTES}`, { agent });
    };
    await Promise.all(Array.from({ length: CLIENTS }, send));
    await eventually(() => expect(ended).toBe(REQUESTS));
    expect(wrong).toEqual([]);
    expect([...app.app.get(Operations).running]).toEqual([]);
    agent.destroy();
  }, 600_000);
});
