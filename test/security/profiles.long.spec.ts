import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MonitoringOptions } from 'nestjs-monitoring';
import { Profiles } from 'nestjs-monitoring/diagnostics';
import { profileEndpoints } from '../../lib/dashboard/profiles.endpoints.js';
import type { ProfilesOverview, RunningProfile } from '../../lib/diagnostics/profiles/profile.js';
import { StreamBody } from '../../lib/http/stream-body.js';
import { restoreEnv, stubEnv } from '../support/environment.js';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import type { Answer } from '../e2e/fixture/http-client.js';
import { ADAPTERS, eventually, type RunningApp, startApp } from '../e2e/fixture/start-app.js';

const API = '/metrics-dashboard/api/diagnostics';
const RIGHT = { authorization: 'Bearer T0ken' };
const INTENT = { ...RIGHT, 'x-monitoring-request': '1', 'content-type': 'application/json' };

describe.each(ADAPTERS)('the profiles in the API of the dashboard on %s', (adapter) => {
  let directory: string;
  let app: RunningApp | undefined;

  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'profiles-')), 'files');
  });

  afterEach(async () => {
    await app?.app.close();
    app = undefined;
    restoreEnv();
    await rm(join(directory, '..'), { recursive: true });
  });

  async function start(options: MonitoringOptions = { endpoints: { auth: { bearerToken: 'T0ken' } } }) {
    app = await startApp(
      adapter,
      FixtureModule.with({ ...WITHOUT_COLLECTORS, diagnostics: { profiles: { directory } }, ...options }),
    );
    return app;
  }

  function post(body: string, headers: Readonly<Record<string, string>> = INTENT): Promise<Answer> {
    return app!.ask({ path: `${API}/profiles`, method: 'POST', headers, body });
  }

  async function overview(): Promise<ProfilesOverview> {
    const { body } = await app!.get(`${API}/profiles`, { headers: RIGHT });
    return JSON.parse(body) as ProfilesOverview;
  }

  it('show the one that is being captured, beside which there is no other', async () => {
    await start();
    expect(await overview()).toMatchObject({ isEnabled: true, running: null, profiles: [] });
    // Until the application is closed.
    const running = JSON.parse((await post('{"kind":"cpuProfile","seconds":100}')).body) as RunningProfile;
    expect((await overview()).running).toEqual(running);

    const busy = await post('{"kind":"report"}');
    expect([busy.status, busy.body]).toEqual([
      409,
      `{"statusCode":409,"message":"Another profile (cpuProfile) is being captured until ${new Date(running.endsAt).toISOString()}. Try again afterwards."}`,
    ]);
    expect(await overview()).toMatchObject({ running, profiles: [] });
  });

  it('are captured, listed and returned', async () => {
    await start();
    const { status, body } = await post('{"kind":"cpuProfile","seconds":0.5,"reason":"a \\"test\\""}');
    const running = JSON.parse(body) as RunningProfile;
    expect([status, running.kind, running.reason]).toEqual([200, 'cpuProfile', 'a "test"']);
    const profile = await eventually(async () => {
      const { profiles } = await overview();
      expect(profiles).toHaveLength(1);
      return profiles[0]!;
    }, 30_000);
    expect(profile).toMatchObject({ name: running.name, startedAt: running.startedAt, reason: 'a "test"' });
    const path = `${API}/profile?name=${profile.name}`;
    const file = await app!.get(path, { headers: RIGHT });
    expect(file.status).toBe(200);
    expect(Object.keys(JSON.parse(file.body) as object)).toContain('nodes');
    expect(file.headers).toMatchObject({
      'content-disposition': `attachment; filename="${profile.name}"`,
      'content-length': String(profile.bytes),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const headed = await app!.ask({ path, method: 'HEAD', headers: RIGHT });
    expect([headed.status, headed.body, headed.headers['content-length']]).toEqual([
      200,
      '',
      String(profile.bytes),
    ]);
    const pprof = await fetch(`http://127.0.0.1:${app!.port}${path}&format=pprof`, { headers: RIGHT });
    expect(gunzipSync(Buffer.from(await pprof.arrayBuffer())).includes('nanoseconds')).toBe(true);
  }, 120_000);

  it('are closed to who shows no credentials, and a capture to a forged request', async () => {
    await start();
    for (const path of ['profiles', 'profile?name=x']) {
      expect((await app!.get(`${API}/${path}`)).status).toBe(401);
    }
    const body = '{"kind":"report"}';
    expect((await post(body, { ...INTENT, authorization: 'Bearer T0ke' })).status).toBe(401);
    expect((await post(body, { ...RIGHT, 'content-type': 'application/json' })).status).toBe(403);
    expect((await post(body, { ...INTENT, origin: 'http://elsewhere.example' })).status).toBe(403);
    expect((await post(body, { ...INTENT, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect(await readdir(directory).catch(() => 'nothing')).toBe('nothing');
  });

  it.each([
    ['{"kind":"everything"}', 400],
    ['{"kind":["report"]}', 400],
    ['{"kind":"__proto__"}', 400],
    ['{"kind":"cpuProfile","seconds":"9"}', 400],
    ['{"kind":"cpuProfile","seconds":1e99}', 400],
    ['{"kind":"cpuProfile","seconds":null}', 400],
    ['{"kind":"report","reason":{"toString":1}}', 400],
    ['[]', 400],
    ['"report"', 400],
    ['{"kind":', 400],
    [`{"kind":"report","reason":"${'x'.repeat(2_000_000)}"}`, 400],
  ])('refuse %.60s', async (body, expected) => {
    await start();
    const { status } = await post(body);
    // The body parser of the application may be stricter.
    expect([expected, 413]).toContain(status);
    expect(await readdir(directory).catch(() => 'nothing')).toBe('nothing');
  });

  it('return no other file, whatever the name', async () => {
    await start();
    await post('{"kind":"report"}');
    const { name } = await eventually(async () => {
      const [profile] = (await overview()).profiles;
      expect(profile).toBeDefined();
      return profile!;
    }, 30_000);
    for (const other of [
      '',
      '..',
      '/etc/passwd',
      '../../../../etc/passwd',
      '..%2F..%2Fetc%2Fpasswd',
      `..%2Ffiles%2F${name}`,
      `${name}%00`,
      `${name}.note`,
      `${name}%0d%0ax-injected:%201`,
    ]) {
      const { status, headers, body } = await app!.get(`${API}/profile?name=${other}`, { headers: RIGHT });
      expect([other, status, body]).toEqual([
        other,
        404,
        '{"statusCode":404,"message":"There is no profile of this name."}',
      ]);
      expect(headers['x-injected']).toBeUndefined();
    }
    const wrong = await app!.get(`${API}/profile?name=${name}&format=../x`, { headers: RIGHT });
    expect(wrong.status).toBe(400);
    const notFound = await app!.get(`${API}/profile/${name}`, { headers: RIGHT });
    expect(notFound.status).toBe(404);
  });

  it('are not captured and not returned where nobody has to show who they are', async () => {
    await start({});
    const { name } = await app!.app.get(Profiles).capture('report');
    expect((await overview()).profiles).toHaveLength(1);
    expect((await post('{"kind":"report"}')).status).toBe(403);
    expect((await app!.get(`${API}/profile?name=${name}`)).status).toBe(403);
  });

  it.each([
    ['off in production without credentials', {}, false],
    ['on in production with credentials', { endpoints: { auth: { bearerToken: 'T0ken' } } }, true],
    [
      'off by option',
      { endpoints: { auth: { bearerToken: 'T0ken' } }, diagnostics: { profiles: false } },
      false,
    ],
    [
      'off with all diagnostics',
      { endpoints: { auth: { bearerToken: 'T0ken' } }, diagnostics: false },
      false,
    ],
  ] as const)('are %s', async (_, options, isEnabled) => {
    stubEnv('NODE_ENV', 'production');
    await start({ diagnostics: {}, ...options });
    expect(app!.app.get(Profiles).isEnabled).toBe(isEnabled);
    if (!isEnabled && 'endpoints' in options) {
      expect((await post('{"kind":"report"}')).status).toBe(403);
      expect(await overview()).toEqual({ isEnabled: false, running: null, profiles: [], canCapture: false });
    }
  });

  it('end with the application, at once', async () => {
    await start();
    await post('{"kind":"cpuProfile","seconds":100}');
    const begin = performance.now();
    await app!.app.close();
    expect(performance.now() - begin).toBeLessThan(90_000);
    expect(await readdir(directory)).toEqual([]);
  });
});

it('their endpoints stream files, which are not read into memory', async () => {
  const endpoints = profileEndpoints('m', false, new Profiles(), true);
  expect(endpoints.map(({ method = 'GET', path }) => `${method} ${path}`)).toEqual([
    'GET m/api/diagnostics/profiles',
    'POST m/api/diagnostics/profiles',
    'GET m/api/diagnostics/profile',
  ]);
  expect(new StreamBody(3, () => process.stdin, AbortSignal.abort()).bytes).toBe(3);
});
