import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { request } from '../e2e/fixture/http-client.js';
import { OtlpServer } from '../exporters/otlp/otlp.server.js';
import { buildLibrary } from '../services/support/built.js';
import { nth } from './support.js';
import { type StartedWorker, WorkerGroup } from './worker-group.process.js';

/** On a machine that does much else. */
const PATIENCE_MS = 150_000;

let directory = '';
let alertsFile = '';
let group: WorkerGroup | undefined;

beforeAll(buildLibrary, 240_000);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'monitoring-cluster-'));
  alertsFile = join(directory, 'alerts.txt');
});

afterEach(async () => {
  await group?.stop();
  group = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const alerts = (): string => {
  try {
    return readFileSync(alertsFile, 'utf8');
  } catch {
    return '';
  }
};

/** Tells whether the workers share what the handler was told: until that is on the disk, a successor tells it again. */
function isTellingSaved(): boolean {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return files.some((name) => {
    if (!name.endsWith('.alerts')) return false;
    const { notifications } = JSON.parse(readFileSync(join(directory, name), 'utf8')) as {
      notifications: { file?: Record<string, { firing: unknown[] }> };
    };
    return Object.values(notifications.file ?? {}).some(({ firing }) => firing.length > 0);
  });
}

/** The worker that leads, as all of these see it. */
function leaderOf(all: WorkerGroup, asked: readonly StartedWorker[]): Promise<StartedWorker> {
  return eventually(async () => {
    const pids = new Set<number>();
    for (const worker of asked) pids.add((await all.scrape(worker)).sum('leader_pid'));
    const [pid] = pids;
    const leader = asked.find((worker) => worker.pid === pid);
    if (pids.size !== 1 || leader === undefined) {
      throw new Error(`expected one leader, got ${[...pids].join(', ')}`);
    }
    return leader;
  }, PATIENCE_MS);
}

describe.each([
  ['express', 'cluster'],
  ['fastify', 'pm2'],
])('three workers on %s, started as by %s', (adapter, manager) => {
  async function start(): Promise<WorkerGroup> {
    const args = [adapter, directory, alertsFile, manager];
    group = await WorkerGroup.start('cluster-app.mjs', args, 3);
    return group;
  }

  it('show the same metrics, and lose no counts when one hangs, is killed and replaced', async () => {
    const all = await start();
    const load = { sent: 0 };
    const underLoad = (async () => {
      for (; load.sent < 60; load.sent++) await all.work(1);
    })();
    let seen = 0;
    for (let i = 0; load.sent < 60; i++) {
      const before = load.sent;
      const {
        work,
        workers: [, missing],
      } = await all.scrape(nth(all.workers, i % 3));
      // What one has counted that was too slow for the others comes later.
      expect(work).toBeGreaterThanOrEqual(missing === 0 ? Math.max(seen, before) : seen);
      seen = work;
    }
    await underLoad;
    for (const worker of all.workers) {
      await eventually(async () => {
        const scrape = await all.scrape(worker);
        expect([scrape.work, ...scrape.workers]).toEqual([60, 3, 0]);
      }, PATIENCE_MS);
    }

    const leader = await leaderOf(all, all.workers);
    const others = all.workers.filter((worker) => worker !== leader);
    const hanging = nth(others, 0);
    const other = nth(others, 1);
    process.kill(hanging.pid, 'SIGSTOP');
    for (const worker of [leader, other]) {
      await eventually(async () => {
        const started = performance.now();
        const scrape = await all.scrape(worker);
        expect([scrape.work, ...scrape.workers]).toEqual([60, 3, 1]);
        expect(performance.now() - started).toBeLessThan(10_000);
      }, PATIENCE_MS);
    }
    process.kill(hanging.pid, 'SIGCONT');
    await eventually(async () => expect((await all.scrape(other)).workers).toEqual([3, 0]), PATIENCE_MS);

    process.kill(leader.pid, 'SIGKILL');
    for (const worker of [hanging, other]) expect((await all.scrape(worker)).work).toBe(60);
    const replacement = await all.another();
    await all.work(10, replacement.port);
    for (const worker of [hanging, other, replacement]) {
      await eventually(async () => {
        const scrape = await all.scrape(worker);
        expect([scrape.work, ...scrape.workers]).toEqual([70, 3, 0]);
      }, PATIENCE_MS);
    }
  }, 900_000);

  it('push everything once when all of them end at once', async () => {
    const collector = await new OtlpServer().start();
    try {
      const args = [adapter, directory, alertsFile, manager];
      const env = { OTLP_URL: `${collector.url}/v1/metrics` };
      const all = (group = await WorkerGroup.start('cluster-app.mjs', args, 3, env));
      for (const [i, { port }] of all.workers.entries()) await all.work(i + 2, port);
      await all.end();
      expect(collector.refusals).toEqual([]);
      const work = collector.taken.filter(
        ({ metric, attributes }) => metric === 'http_requests_total' && attributes['route'] === '/work',
      );
      // One push, unless a full hour comes in between.
      expect(new Set(work.map(({ temporality }) => temporality))).toEqual(new Set(['delta']));
      expect(work.reduce((sum, { value = 0 }) => sum + value, 0)).toBe(2 + 3 + 4);
      expect(all.output).not.toMatch(/WARN|ERROR/);
    } finally {
      await collector.stop();
    }
  }, 900_000);

  it('follow a new leader when the leader hangs, and send an alert once', async () => {
    const all = await start();
    await all.work(9);
    const leader = await leaderOf(all, all.workers);
    const others = all.workers.filter((worker) => worker !== leader);
    for (const worker of others) await request(worker.port, { path: '/level/4' });
    await eventually(() => expect(alerts()).toBe('firing\n'), PATIENCE_MS);
    await eventually(() => expect(isTellingSaved()).toBe(true), PATIENCE_MS);
    await eventually(async () => expect((await all.scrape(leader)).work).toBe(9), PATIENCE_MS);

    process.kill(leader.pid, 'SIGSTOP');
    // No total falls, neither while nobody leads nor afterwards.
    const successor = await eventually(async () => {
      for (const worker of others) expect((await all.scrape(worker)).work).toBe(9);
      const scrape = await all.scrape(nth(others, 0));
      const found = others.find(({ pid }) => pid === scrape.sum('leader_pid'));
      if (found === undefined) throw new Error('nobody leads');
      return found;
    }, PATIENCE_MS);
    const follower = others.find((worker) => worker !== successor);
    await eventually(async () => expect((await all.scrape(successor)).workers).toEqual([3, 1]), PATIENCE_MS);
    process.kill(leader.pid, 'SIGCONT');
    await eventually(async () => {
      for (const worker of all.workers) {
        const scrape = await all.scrape(worker);
        expect([scrape.work, ...scrape.workers]).toEqual([9, 3, 0]);
        expect(scrape.sum('leader_pid')).toBe(successor.pid);
      }
    }, PATIENCE_MS);

    // Long enough for every worker to evaluate the rule some times more.
    const evaluations = async () =>
      (await all.scrape(successor)).sum('monitoring_rule_evaluations_total', { rule: 'high_level' });
    const before = await evaluations();
    await eventually(async () => expect(await evaluations()).toBeGreaterThan(before + 15), PATIENCE_MS);
    expect(alerts()).toBe('firing\n');
    await request(follower!.port, { path: '/level/0' });
    await eventually(() => expect(alerts()).toBe('firing\nresolved\n'), PATIENCE_MS);
  }, 900_000);
});

describe('worker threads', () => {
  it('show the metrics of all threads, and those of the process once', async () => {
    group = await WorkerGroup.start('thread-app.mjs', ['fastify', directory, alertsFile], 3);
    const all = group;
    for (const { port } of all.workers) await all.work(4, port);
    for (const worker of all.workers) {
      const scrape = await eventually(async () => {
        const found = await all.scrape(worker);
        expect([found.work, ...found.workers]).toEqual([12, 3, 0]);
        return found;
      }, PATIENCE_MS);
      // Three times the memory of the process would be far more.
      const { pid } = worker;
      const [, residentPages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
      const resident = scrape.sum('process_resident_memory_bytes');
      expect(resident).toBeLessThan(1.8 * Number(residentPages) * 4096);
      expect(scrape.sum('nodejs_heap_size_used_bytes')).toBeLessThan(resident);
    }
  }, 900_000);
});
