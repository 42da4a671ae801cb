import { afterEach, describe, expect, it } from '@jest/globals';
import { HealthMonitor, type HealthOptions } from 'nestjs-monitoring';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import type { Answer } from '../e2e/fixture/http-client.js';
import { ADAPTERS, type RunningApp, startApp } from '../e2e/fixture/start-app.js';
import { BEHAVIOURS, FOUND, ScriptedCheck } from './support.js';

/** The status and the body of an answer. */
function said({ status, body }: Answer): unknown[] {
  return [status, JSON.parse(body)];
}

describe.each(ADAPTERS)('the probes on %s', (adapter) => {
  let app: RunningApp | undefined;

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  async function start(health: HealthOptions, ...checks: ScriptedCheck[]): Promise<RunningApp> {
    const auth = { bearerToken: 'T0ken' };
    // The dashboard asks every check.
    const endpoints = { auth, dashboard: false } as const;
    const module = FixtureModule.with({ ...WITHOUT_COLLECTORS, health, endpoints });
    app = await startApp(adapter, module, {
      configure: (nest) => {
        for (const check of checks) nest.get(HealthMonitor).addCheck(check);
      },
    });
    return app;
  }

  describe.each([true, false])('with a check that is critical: %s', (critical) => {
    it.each(BEHAVIOURS)('and %s report its status', async (behaviour) => {
      const running = await start({}, new ScriptedCheck(behaviour, 'scripted', critical));
      const { isUp } = FOUND[behaviour];
      const status = isUp ? 'healthy' : critical ? 'unhealthy' : 'degraded';
      const serves = isUp || !critical;

      const ready = await running.get('/ready');
      expect(ready.status).toBe(serves ? 200 : 503);
      const health = await running.get('/health');
      expect(health.status).toBe(serves ? 200 : 503);
      expect(JSON.parse(health.body)).toMatchObject({ checks: { scripted: { status } } });
      expect(said(await running.get('/alive'))).toEqual([200, { status: 'alive' }]);
      expect(said(await running.get('/startup'))).toEqual([200, { status: 'started' }]);
    });
  });

  it('show messages and details to authorized clients only', async () => {
    const running = await start({}, new ScriptedCheck('throwing'));

    const open = await running.get('/health');
    expect(open.body).not.toContain('ECONNREFUSED');
    expect((await running.get('/ready')).body).not.toContain('ECONNREFUSED');
    const authorised = await running.get('/health', { headers: { authorization: 'Bearer T0ken' } });
    expect(JSON.parse(authorised.body)).toMatchObject({
      checks: { scripted: { message: 'connect ECONNREFUSED postgres://***@db:5432/orders' } },
    });
  });

  it('respond to HEAD as to GET, without the body, and forbid caching', async () => {
    const running = await start({}, new ScriptedCheck('rejecting'));
    for (const path of ['/health', '/ready', '/alive', '/startup']) {
      const get = await running.get(path);
      const head = await running.get(path, { method: 'HEAD' });
      expect([path, head.status, head.body]).toEqual([path, get.status, '']);
      expect(get.headers['cache-control']).toBe('no-store');
    }
  });

  it('respond with the configured HTTP statuses', async () => {
    const running = await start(
      { httpStatus: { degraded: 429, unhealthy: 200 } },
      new ScriptedCheck('throwing', 'scripted', false),
    );
    expect((await running.get('/health')).status).toBe(429);
    expect(said(await running.get('/ready'))).toMatchObject([429, { status: 'unready' }]);
    running.app.get(HealthMonitor).addCheck(new ScriptedCheck('rejecting', 'other'));
    expect((await running.get('/health')).status).toBe(200);
  });

  it('run only the checks of their group', async () => {
    const db = new ScriptedCheck('ok', 'db');
    const mail = new ScriptedCheck('rejecting', 'mail');
    const running = await start({ groups: { readiness: ['db'] } }, db, mail);

    expect(said(await running.get('/ready'))).toEqual([200, { status: 'ready' }]);
    expect([db.calls, mail.calls]).toEqual([1, 0]);
    expect((await running.get('/health')).status).toBe(503);
  });

  it('fail liveness only for checks of the process', async () => {
    const stuck = Object.assign(new ScriptedCheck('rejecting', 'event_loop'), { inProcess: true });
    const running = await start({ groups: { liveness: ['event_loop'] } }, stuck);

    const { status, body } = await running.get('/alive');
    expect([status, JSON.parse(body)]).toMatchObject([503, { status: 'failing' }]);
  });

  it('report start-up as complete once its checks have succeeded, and never revert', async () => {
    const warmUp = new ScriptedCheck('flapping', 'warm_up');
    warmUp.calls = 1;
    const running = await start({ cacheMs: 0, groups: { startup: ['warm_up'] } }, warmUp);

    expect((await running.get('/startup')).status).toBe(503);
    expect((await running.get('/startup')).status).toBe(200);
    expect((await running.get('/startup')).status).toBe(200);
    expect(warmUp.calls).toBe(3);
  });
});
