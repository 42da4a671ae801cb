import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from '../e2e/fixture/http-client.js';
import { eventually } from '../support/eventually.js';
import { buildLibrary } from './support/built.js';
import { DrainingApp } from './support/draining-app.server.js';

const PROBE_INTERVAL_MS = 50;
const CLIENTS = 4;
/** Between two requests of a client: without it, they take a whole core for as long as the drains take. */
const PAUSE_MS = 15;
/** So many requests an instance has to have answered before the next one is restarted. */
const ENOUGH = 25;

beforeAll(buildLibrary, 240_000);

/** An instance as the balancer knows it. */
interface Instance {
  readonly app: DrainingApp;
  readonly agent: Agent;
  isReady: boolean;
  inFlight: number;
  answered: number;
}

/** Sends requests in turn to the instances that say they are ready, on connections that it keeps. */
class Balancer {
  readonly failures: string[] = [];
  private readonly instances: Instance[] = [];
  private readonly running: Promise<void>[] = [];
  private next = 0;
  private isStopped = false;

  add(app: DrainingApp): Instance {
    const instance = { app, agent: new Agent({ keepAlive: true }), isReady: false, inFlight: 0, answered: 0 };
    this.instances.push(instance);
    this.running.push(this.probe(instance));
    return instance;
  }

  load(): void {
    for (let i = 0; i < CLIENTS; i++) this.running.push(this.sendOn());
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await Promise.all(this.running);
    for (const { agent } of this.instances) agent.destroy();
  }

  private async probe(instance: Instance): Promise<void> {
    while (!this.isStopped) {
      const status = await request(instance.app.port, { path: '/ready' }).then(
        (answer) => answer.status,
        () => 0,
      );
      instance.isReady = status === 200;
      await sleep(PROBE_INTERVAL_MS);
    }
  }

  private async sendOn(): Promise<void> {
    while (!this.isStopped) {
      await this.send();
      await sleep(PAUSE_MS);
    }
  }

  private async send(): Promise<void> {
    const ready = this.instances.filter(({ isReady }) => isReady);
    if (ready.length === 0) this.failures.push('no instance is ready');
    const instance = ready[this.next++ % ready.length];
    if (instance === undefined) return;
    instance.inFlight++;
    try {
      const { status, body } = await request(instance.app.port, { path: '/work', agent: instance.agent });
      if (status === 200) instance.answered++;
      else this.failures.push(`${status} ${body}`);
    } catch (error) {
      this.failures.push(String(error));
    } finally {
      instance.inFlight--;
    }
  }
}

describe.each(['express', 'fastify'])('two instances on %s behind a balancer', (adapter) => {
  const apps: DrainingApp[] = [];
  let balancer = new Balancer();

  afterEach(async () => {
    await balancer.stop();
    await Promise.all(apps.splice(0).map((app) => app.kill()));
    balancer = new Balancer();
  });

  async function start(): Promise<Instance> {
    const app = await DrainingApp.start(adapter, 'held');
    apps.push(app);
    return balancer.add(app);
  }

  it('lose no request while each of them is restarted in turn under load', async () => {
    const old = [await start(), await start()];
    await eventually(() => expect(old.map(({ isReady }) => isReady)).toEqual([true, true]), 20_000);
    balancer.load();
    const instances = [...old];
    for (const instance of old) {
      await eventually(() => expect(instance.answered).toBeGreaterThan(ENOUGH), 20_000);
      instance.app.end('SIGTERM');
      // The drain delay lasts until the balancer has noticed, also on a machine that holds it up.
      await eventually(() => expect(instance).toMatchObject({ isReady: false, inFlight: 0 }), 20_000);
      instance.app.endDrainDelay();
      expect(await instance.app.ended).toEqual([null, 'SIGTERM']);
      const replacement = await start();
      instances.push(replacement);
      await eventually(() => expect(replacement.answered).toBeGreaterThan(ENOUGH), 20_000);
    }
    await balancer.stop();

    expect(balancer.failures).toEqual([]);
    expect(instances).toHaveLength(4);
    expect(old.map(({ isReady }) => isReady)).toEqual([false, false]);
    for (const { app } of old) expect(app.output).toContain('database closed');
  }, 180_000);
});
