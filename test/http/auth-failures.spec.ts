import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { CanActivate, INestApplication } from '@nestjs/common';
import type { EndpointAuth, EndpointsOptions } from 'nestjs-monitoring';
import { AuthFailures } from '../../lib/http/auth-failures.js';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import type { Answer } from '../e2e/fixture/http-client.js';
import { ADAPTERS, type RunningApp, seriesOf, startApp } from '../e2e/fixture/start-app.js';
import { FakeClock } from '../metrics/support.js';

describe('authentication failures by address', () => {
  it('return the time to wait beyond the limit, until the window ends', () => {
    let now = 0;
    const failures = new AuthFailures({ maxFailures: 2, windowMs: 10_000 }, () => now);

    expect([failures.add('a'), failures.add('a'), failures.add('a')]).toEqual([undefined, undefined, 10]);
    now = 9_500;
    expect(failures.add('a')).toBe(1);
    expect(failures.add('b')).toBeUndefined();
    now = 10_000;
    expect([failures.add('a'), failures.add('a'), failures.add('a')]).toEqual([undefined, undefined, 10]);
  });

  it('evict the oldest address beyond the limit, and expire with their window', () => {
    let now = 0;
    const failures = new AuthFailures({ maxFailures: 1, windowMs: 1_000 }, () => now);
    failures.add('first');
    expect(failures.add('first')).toBe(1);
    for (let i = 0; i < 20_000; i++) failures.add(`address-${i}`);

    expect(failures.size).toBe(10_000);
    expect(failures.add('first')).toBeUndefined();
    now = 1_000;
    failures.add('another');
    expect(failures.size).toBe(1);
  });
});

const RIGHT = { authorization: 'Bearer right' };
const WRONG = { authorization: 'Bearer wrong' };
const FAILURES = 'monitoring_auth_failures_total';

function statuses(all: readonly Answer[]): number[] {
  return all.map(({ status }) => status);
}

describe.each(ADAPTERS)('wrong credentials for the endpoints on %s', (adapter) => {
  const clock = new FakeClock();
  let app: RunningApp | undefined;

  afterEach(() => app?.close());

  async function start(
    endpoints: EndpointsOptions = {},
    auth: EndpointAuth = { bearerToken: 'right' },
    configure?: (nest: INestApplication) => void,
  ): Promise<RunningApp> {
    app = await startApp(
      adapter,
      FixtureModule.with({ ...WITHOUT_COLLECTORS, clock, endpoints: { auth, ...endpoints } }),
      configure === undefined ? {} : { configure },
    );
    return app;
  }

  /** The answers to so many requests, one after the other. */
  async function answers(
    count: number,
    headers: Record<string, string>,
    path = '/metrics',
  ): Promise<Answer[]> {
    const all: Answer[] = [];
    for (let i = 0; i < count; i++) all.push(await (app as RunningApp).get(path, { headers }));
    return all;
  }

  it('get 401 ten times a minute, then 429, while valid ones are always accepted', async () => {
    await start();

    expect(statuses(await answers(10, WRONG))).toEqual(Array.from({ length: 10 }, () => 401));
    const [refused] = await answers(1, WRONG);
    expect(refused).toMatchObject({
      status: 429,
      headers: {
        'retry-after': '60',
        'www-authenticate': 'Bearer realm="monitoring"',
        'cache-control': 'no-store',
      },
      body: '{"statusCode":429,"message":"Too many failed authentications from this address; retry in 60 s. Valid credentials are accepted at any time."}',
    });
    expect(statuses(await answers(2, RIGHT))).toEqual([200, 200]);
    expect(statuses(await answers(1, WRONG, '/monitoring/api/v1/alerts'))).toEqual([429]);
    clock.advance(60_000);
    expect(statuses(await answers(1, WRONG))).toEqual([401]);
  });

  it('are counted, unlike requests without credentials', async () => {
    await start({ failedAuth: { maxFailures: 1 } });

    expect(statuses(await answers(5, {}))).toEqual([401, 401, 401, 401, 401]);
    await answers(2, WRONG);
    expect(statuses(await answers(1, {}))).toEqual([401]);
  });

  it('do not affect the probes and health', async () => {
    await start({ failedAuth: { maxFailures: 1 } });
    await answers(3, WRONG);

    for (const path of ['/ready', '/alive', '/startup', '/health']) {
      expect([path, ...statuses(await answers(3, WRONG, path))]).toEqual([path, 200, 200, 200]);
    }
  });

  it('are counted by endpoint, without any data of the client', async () => {
    const { registry } = await start({ failedAuth: { maxFailures: 2 } });
    await answers(3, WRONG);
    await answers(2, WRONG, '/metrics-dashboard/api/overview');
    await answers(1, WRONG, '/health');
    await answers(3, {});

    expect(seriesOf(registry, FAILURES)).toEqual([
      { labels: { endpoint: 'metrics' }, value: 3 },
      { labels: { endpoint: 'dashboard' }, value: 2 },
      { labels: { endpoint: 'health' }, value: 1 },
    ]);
  });

  it('are attributed to the address of the connection, not to that of a header', async () => {
    await start({ failedAuth: { maxFailures: 1 } }, undefined, (nest) => {
      if (adapter === 'express')
        (nest as unknown as { set(name: string, value: unknown): void }).set('trust proxy', true);
    });

    const answered: number[] = [];
    for (let i = 0; i < 3; i++) {
      answered.push(...statuses(await answers(1, { ...WRONG, 'x-forwarded-for': `192.0.2.${i}` })));
    }
    expect(answered).toEqual([401, 429, 429]);
  });

  it('include every refusal of a guard, but not its errors', async () => {
    let fails = false;
    const guard: CanActivate = {
      canActivate: (context) => {
        if (fails) throw new Error('the key store is away');
        return (
          context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['x-key'] ===
          'right'
        );
      },
    };
    const { registry } = await start({ failedAuth: { maxFailures: 2 } }, { guard });

    expect(statuses(await answers(3, { 'x-key': 'wrong' }))).toEqual([403, 403, 429]);
    expect(statuses(await answers(1, { 'x-key': 'right' }))).toEqual([200]);
    fails = true;
    expect(statuses(await answers(1, { 'x-key': 'wrong' }))).toEqual([500]);
    expect(seriesOf(registry, FAILURES)).toEqual([{ labels: { endpoint: 'metrics' }, value: 3 }]);
    // Probes that show nothing are no failures of a guard.
    await answers(5, {}, '/health');
    expect(seriesOf(registry, FAILURES)).toEqual([{ labels: { endpoint: 'metrics' }, value: 3 }]);
  });

  it('always get 401 with failedAuth: false, and are still counted', async () => {
    const { registry } = await start({ failedAuth: false });

    expect(new Set(statuses(await answers(30, WRONG)))).toEqual(new Set([401]));
    expect(seriesOf(registry, FAILURES)).toEqual([{ labels: { endpoint: 'metrics' }, value: 30 }]);
  });

  it('leave the dashboard page able to ask for valid ones', async () => {
    await start({ failedAuth: { maxFailures: 1 } });
    const [, page] = await answers(2, WRONG, '/metrics-dashboard');

    expect(page).toMatchObject({ status: 429, headers: { 'content-type': 'text/html; charset=utf-8' } });
    const script = readFileSync(new URL('../../lib/dashboard/page/connection.js', import.meta.url), 'utf8');
    expect(script).toContain('[401, 403, 429].includes(response.status)');
  });

  it('keep the response that a guard sends itself', async () => {
    const guard: CanActivate = {
      canActivate: (context) => {
        const response = context.switchToHttp().getResponse<{
          code?: (status: number) => { send(text: string): void };
          status?: (status: number) => { send(text: string): void };
        }>();
        (response.code?.(418) ?? response.status?.(418))?.send('go away');
        return false;
      },
    };
    await start({}, { guard });

    const [refused] = await answers(1, {});
    expect(refused).toMatchObject({ status: 418, body: 'go away' });
  });
});
