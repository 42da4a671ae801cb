import { afterEach, describe, expect, it } from '@jest/globals';
import { AlertingMonitor, type Gauge, type HealthOptions, MetricsRegistry } from 'nestjs-monitoring';
import { queueRule } from '../../alerting/support.js';
import { FixtureModule, WITHOUT_COLLECTORS } from '../../e2e/fixture/fixture.module.js';
import { ADAPTERS, eventually, type RunningApp, startApp } from '../../e2e/fixture/start-app.js';

const well = expect.objectContaining({
  status: 'healthy',
  message: 'No critical alert is firing',
}) as unknown;

function firing(status: string): unknown {
  const details = { firing: ['long_queue'] };
  return expect.objectContaining({ status, message: 'Queue mail has 12 jobs', details });
}

describe.each(ADAPTERS)('health of an application on %s whose alerts fire', (adapter) => {
  let running: RunningApp | undefined;

  afterEach(async () => {
    await running?.close();
    running = undefined;
  });

  async function start(alerts: HealthOptions['alerts'], severity: 'critical' | 'warning' = 'critical') {
    const app = await startApp(
      adapter,
      FixtureModule.with({
        ...WITHOUT_COLLECTORS,
        health: { ...WITHOUT_COLLECTORS.health, cacheMs: 0, ...(alerts !== undefined && { alerts }) },
        // At so short an interval an hour is many samples.
        history: { retentionMs: 10_000 },
        endpoints: { dashboard: false },
        alerting: { intervalMs: 20, rules: [queueRule({ severity })] },
      }),
      {
        configure: (nest) => {
          queues(nest.get(MetricsRegistry)).set({ queue: 'mail' }, 3);
        },
      },
    );
    running = app;
    const alerting = app.app.get(AlertingMonitor);
    const isFiring = () => alerting.alerts().some(({ state }) => state === 'firing');
    return {
      set: async (jobs: number) => {
        queues(app.registry).set({ queue: 'mail' }, jobs);
        await eventually(() => expect(isFiring()).toBe(jobs > 10));
      },
      probes: async () => {
        const [health, ready, alive] = await Promise.all(
          ['/health', '/ready', '/alive'].map((path) => app.get(path)),
        );
        const { checks } = JSON.parse(health?.body ?? '') as { checks: Record<string, unknown> };
        return [health?.status, ready?.status, alive?.status, checks['alerts']];
      },
    };
  }

  it('is degraded while a critical alert is firing, and stays ready', async () => {
    const { set, probes } = await start(true);
    expect(await probes()).toEqual([200, 200, 200, well]);
    await set(12);
    expect(await probes()).toEqual([200, 200, 200, firing('degraded')]);
    await set(3);
    expect(await probes()).toEqual([200, 200, 200, well]);
  });

  it('has the configured status for alerts of the configured severities', async () => {
    const { set, probes } = await start({ severities: ['warning'], status: 'unhealthy' }, 'warning');
    await set(12);
    expect(await probes()).toEqual([503, 503, 200, firing('unhealthy')]);
  });

  it('is not affected by a warning by default', async () => {
    const { set, probes } = await start(true, 'warning');
    await set(12);
    expect(await probes()).toEqual([200, 200, 200, well]);
  });

  it('is not affected by alerts by default', async () => {
    const { set, probes } = await start(undefined);
    await set(12);
    expect(await probes()).toEqual([200, 200, 200, undefined]);
  });
});

function queues(registry: MetricsRegistry): Gauge<'queue'> {
  return registry.gauge('queue_length', 'Jobs that wait.', { labelNames: ['queue'] });
}
