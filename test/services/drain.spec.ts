import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, request } from '../e2e/fixture/http-client.js';
import { buildLibrary } from './support/built.js';
import { DrainingApp } from './support/draining-app.server.js';

const FOREVER_MS = 600_000;
/** Between two rounds of requests: without it, they take a whole core for as long as the drain takes. */
const PAUSE_MS = 15;
/** How long whoever sends requests may take to notice that it should not any more. */
const NOTICE_MS = 500;

beforeAll(buildLibrary, 240_000);

describe.each(['express', 'fastify'])('an application on %s that is asked to end', (adapter) => {
  let running: DrainingApp | undefined;

  afterEach(async () => {
    await running?.kill();
    running = undefined;
  });

  async function start(drainDelay: number | 'held', ...more: string[]): Promise<DrainingApp> {
    const environment = { DRAIN_TIMEOUT_MS: String(FOREVER_MS) };
    running = await DrainingApp.startWith(environment, adapter, String(drainDelay), ...more);
    return running;
  }

  it('loses no request, and closes the database after the last one', async () => {
    const app = await start('held');
    const client = new SteadyClient(app.port);
    await client.sendUntil(() => client.answers.length > 50);
    app.end('SIGTERM');
    await client.sendUntil(() => client.isRefused);
    const atTurn = client.answers.length;
    await client.sendFor(NOTICE_MS);
    const slow = request(app.port, { path: '/slow' });
    await app.printed('slow request has begun');
    const alive = await request(app.port, { path: '/alive' });
    app.endDrainDelay();
    expect((await slow).status).toBe(200);
    const [exitCode, signal] = await app.ended;

    expect(alive.status).toBe(200);
    expect(client.failures).toEqual([]);
    expect(client.answers.length).toBeGreaterThan(atTurn);
    expect([exitCode, signal]).toEqual([null, 'SIGTERM']);
    expect(app.output).toMatch(/slow request is answered[^]*database closed/);
  }, 60_000);

  it('tells clients to close their connections, from when readiness turns', async () => {
    const app = await start(FOREVER_MS);
    const agent = new Agent({ keepAlive: true });
    const before = await request(app.port, { path: '/work', agent });
    await request(app.port, { path: '/ready' });
    app.end('SIGTERM');
    await app.isDraining();
    const after = await request(app.port, { path: '/work', agent });
    agent.destroy();

    expect([before.status, before.headers['connection']]).toEqual([200, 'keep-alive']);
    expect([after.status, after.headers['connection']]).toEqual([200, 'close']);
  }, 60_000);

  it('ends at once when it is asked again', async () => {
    const app = await start(FOREVER_MS);
    await request(app.port, { path: '/ready' });
    app.end('SIGTERM');
    await app.isDraining();
    app.end('SIGTERM');

    expect(await app.ended).toEqual([null, 'SIGTERM']);
    expect(app.output).toContain('database closed');
  }, 60_000);

  it('drains and ends although the shutdown hooks were forgotten, with a warning', async () => {
    const app = await start('held', 'no-hooks');
    const client = new SteadyClient(app.port);
    await client.sendUntil(() => client.answers.length > 20);
    app.end('SIGTERM');
    await client.sendUntil(() => client.isRefused);
    await client.sendFor(NOTICE_MS);
    app.endDrainDelay();

    expect(await app.ended).toEqual([null, 'SIGTERM']);
    expect(client.failures).toEqual([]);
    expect(app.output).toContain('Call app.enableShutdownHooks() in main.ts.');
    expect(app.output).not.toContain('database closed');
  }, 60_000);

  it('ends at once if nobody has ever asked whether it is ready', async () => {
    const app = await start(FOREVER_MS);
    app.end('SIGTERM');

    expect(await app.ended).toEqual([null, 'SIGTERM']);
    expect(app.output).toContain('database closed');
  }, 60_000);
});

/** Sends requests one after the other, half of them on connections that it keeps, and asks whether it should. */
class SteadyClient {
  readonly answers: Answer[] = [];
  readonly failures: string[] = [];
  isRefused = false;
  private readonly agent = new Agent({ keepAlive: true });

  constructor(private readonly port: number) {}

  async sendUntil(isEnough: () => boolean): Promise<void> {
    const deadline = Date.now() + 120_000;
    while (!isEnough() && Date.now() < deadline) await this.round();
    expect(isEnough()).toBe(true);
  }

  async sendFor(ms: number): Promise<void> {
    const end = Date.now() + ms;
    while (Date.now() < end) await this.round();
  }

  private async round(): Promise<void> {
    const ready = await request(this.port, { path: '/ready' });
    this.isRefused = ready.status === 503;
    await Promise.all([this.send({}), this.send({ agent: this.agent })]);
    await sleep(PAUSE_MS);
  }

  private async send(how: { agent?: Agent }): Promise<void> {
    try {
      const answer = await request(this.port, { path: '/work', ...how });
      if (answer.status === 200) this.answers.push(answer);
      else this.failures.push(`${answer.status} ${answer.body}`);
    } catch (error) {
      this.failures.push(String(error));
    }
  }
}
