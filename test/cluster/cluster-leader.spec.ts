import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from 'nestjs-monitoring';
import type { ClusterContext } from '../../lib/cluster/cluster-context.js';
import { ClusterLeader } from '../../lib/cluster/cluster-leader.js';
import { LocalMetrics } from '../../lib/cluster/local-metrics.js';
import { MergedSnapshot } from '../../lib/cluster/merged-snapshot.js';
import { RendezvousSocket } from '../../lib/cluster/rendezvous-socket.js';
import { TotalsFile } from '../../lib/cluster/totals-file.js';
import { systemClock } from '../../lib/metrics/clock.js';
import { scalars } from '../metrics/support.js';

/** So long, a worker that is not there is waited for. */
const REQUEST = { exponential: false, timeoutMs: 20 };

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'monitoring-leader-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** The context of a worker that never meets the others. */
function contextOf(registry: MetricsRegistry, pid: number): ClusterContext {
  const rendezvous = new RendezvousSocket('test', directory);
  rendezvous.open();
  const warn = (topic: string, message: string): never => {
    throw new Error(`${topic}: ${message}`);
  };
  return {
    own: new LocalMetrics(registry, { pid, threadId: 0, startedAt: 1 }),
    rendezvous,
    totals: new TotalsFile(rendezvous, {}, warn),
    view: new MergedSnapshot({}, systemClock, warn),
    defaultLabels: {},
    timeoutMs: 60_000,
    leaderTimeoutMs: 60_000,
    graceMs: 120_000,
    maxMessageBytes: 1_000_000,
    warn,
  };
}

/** A registry whose collections wait until they are released. */
function slowRegistry() {
  const registry = new MetricsRegistry();
  const collect = registry.collect.bind(registry);
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  registry.collect = async (options) => {
    await released;
    return collect(options);
  };
  return { registry, release: () => release() };
}

function ordersIn(registry: MetricsRegistry, count: number): MetricsRegistry {
  registry.counter('orders_total', 'Orders.').inc(count);
  return registry;
}

describe('the end of a leader', () => {
  it('leaves its totals to the next one once, whoever asks for the metrics meanwhile', async () => {
    const { registry, release } = slowRegistry();
    const context = contextOf(ordersIn(registry, 2), process.pid);
    // Another worker goes on, and is about to connect again.
    const { families } = ordersIn(new MetricsRegistry(), 3).snapshot();
    const identity = { pid: process.ppid, threadId: 0, startedAt: 1 };
    await context.totals.write({ workers: [{ identity, index: 1, families }], departed: [] });
    const leader = new ClusterLeader(context);
    await leader.start();
    const ended = leader.end();
    const asked = leader.collect(REQUEST).then(
      () => 'answered',
      () => 'refused',
    );
    release();
    const answer = await asked;
    await ended;

    const next = new ClusterLeader(contextOf(ordersIn(new MetricsRegistry(), 10), 2 ** 30));
    await next.start();
    const merged = await next.collect(REQUEST);
    expect(scalars({ timestamp: 0, defaultLabels: {}, families: merged }, 'orders_total')).toMatchObject([
      { value: 2 + 3 + 10 },
    ]);
    expect(answer).toBe('refused');
  });

  it('saves nothing once another one leads', async () => {
    const { registry, release } = slowRegistry();
    const context = contextOf(ordersIn(registry, 2), process.pid);
    const leader = new ClusterLeader(context);
    await leader.start();
    const asked = leader.collect(REQUEST);
    leader.abandon();
    release();
    await asked;
    expect(await context.totals.read()).toBeUndefined();
  });
});
