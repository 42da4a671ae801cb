import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MonitoringOptions } from 'nestjs-monitoring';
import { resolveHealth } from '../../lib/health/health.options.js';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { ADAPTERS, startApp } from '../e2e/fixture/start-app.js';

describe('readiness probes from this machine', () => {
  it.each<[string, { drainDelayMs?: number }, string | undefined, boolean, boolean]>([
    ['a development server', {}, undefined, false, true],
    ['a development server that says so', {}, 'development', false, true],
    ['production', {}, 'production', false, false],
    ['Kubernetes, whatever NODE_ENV', {}, undefined, true, false],
    ['an application with a drain of its own', { drainDelayMs: 1_000 }, 'development', false, false],
  ])(
    'are those of a person only on a development machine: %s',
    (_, health, environment, cluster, ignored) => {
      expect(resolveHealth(health, environment, cluster).drain.ignoresLocalProbes).toBe(ignored);
    },
  );
});

describe.each(ADAPTERS)('the end of an application on %s, after a probe from this machine', (adapter) => {
  const { NODE_ENV, KUBERNETES_SERVICE_HOST } = process.env;
  beforeEach(() => {
    process.env['NODE_ENV'] = 'development';
    delete process.env['KUBERNETES_SERVICE_HOST'];
  });
  afterEach(() => {
    process.env['NODE_ENV'] = NODE_ENV;
    if (KUBERNETES_SERVICE_HOST !== undefined)
      process.env['KUBERNETES_SERVICE_HOST'] = KUBERNETES_SERVICE_HOST;
  });

  async function endMs(options: MonitoringOptions): Promise<number> {
    const app = await startApp(adapter, FixtureModule.with({ ...WITHOUT_COLLECTORS, ...options }));
    expect((await app.get('/ready')).status).toBe(200);
    const startedAt = performance.now();
    await app.close();
    return performance.now() - startedAt;
  }

  it('does not wait on a development machine, so that the port is free for the next start', async () => {
    // A drain takes five seconds each time; a busy machine may need as long once.
    let leastMs = Infinity;
    for (let tries = 0; tries < 4 && leastMs >= 4_000; tries++) leastMs = Math.min(leastMs, await endMs({}));
    expect(leastMs).toBeLessThan(4_000);
  });

  it('drains if health.drainDelayMs is set', async () => {
    expect(await endMs({ health: { drainDelayMs: 500 } })).toBeGreaterThanOrEqual(490);
  });
});
