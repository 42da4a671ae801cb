import { createHash, createHmac } from 'node:crypto';
import { hostname } from 'node:os';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MetricsRegistry, MonitoringModule } from 'nestjs-monitoring';
import { RemoteWriteExporter, type RemoteWriteExporterOptions } from 'nestjs-monitoring/exporters';
import { resolveExporters } from '../../../lib/exporters/exporters.options.js';
import { ExporterMetrics } from '../../../lib/exporters/push/exporter-metrics.js';
import { ADAPTERS, startApp } from '../../e2e/fixture/start-app.js';
import { scalars } from '../../metrics/support.js';
import { restoreEnv, stubEnv } from '../../support/environment.js';
import { eventually } from '../../support/eventually.js';
import type { ReceivedRequest } from '../remote.server.js';
import { KeptLog } from '../push/support.js';
import { RemoteWriteServer } from './remote-write.server.js';

const SECRET = 'a-secret-that-nobody-may-see';

let server: RemoteWriteServer;
let log: KeptLog;

beforeEach(async () => {
  log = new KeptLog();
  server = await new RemoteWriteServer().start();
});
afterEach(async () => {
  restoreEnv();
  await server.stop();
});

function setUp(options: Partial<RemoteWriteExporterOptions> = {}) {
  const registry = new MetricsRegistry({ logger: log });
  const metrics = new ExporterMetrics(registry);
  const exporter = new RemoteWriteExporter(
    registry,
    { url: `${server.url}/api/v1/write`, metadata: false, metrics: [/^(?!monitoring_)/], ...options },
    { logger: log, metrics },
  );
  const count = (metric: string) => scalars(registry, `monitoring_exporter_${metric}`)[0]?.value;
  return { registry, exporter, count };
}

describe.each(ADAPTERS)('an application on %s', (adapter) => {
  it('has sent its metrics, their metadata and their end when it has ended', async () => {
    const running = await startApp(adapter, {
      module: class AppModule {},
      imports: [
        MonitoringModule.forRoot({
          exporters: { remoteWrite: { url: `${server.url}/api/v1/write`, labels: { job: 'shop' } } },
        }),
      ],
    });
    await running.get('/nowhere');
    await running.recorded(1);
    await running.close();
    expect(server.refusals).toEqual([]);
    expect(server.metadata.get('http_requests_total')).toMatchObject({ type: 1 });
    const requests = [...server.series.values()].filter(
      ({ labels }) => labels['__name__'] === 'http_requests_total',
    );
    expect(requests).toMatchObject([{ labels: { job: 'shop', instance: `${hostname()}:${process.pid}` } }]);
    const values = requests[0]!.samples.map(({ value }) => value);
    // A full minute may have begun meanwhile, at which samples are sent, too.
    expect(values).toEqual([...Array<number>(Math.max(1, values.length - 1)).fill(1), 'stale']);
    for (const { samples } of server.series.values()) expect(samples.at(-1)?.value).toBe('stale');
  });
});

describe('two applications of one process', () => {
  const warnings: string[] = [];
  const logger = {
    warn: (text: string) => warnings.push(text),
    error: (text: string) => warnings.push(text),
  };
  const quiet = {
    url: 'http://127.0.0.1:9/api/v1/write',
    fetch: async () => ({ status: 204, headers: new Headers(), body: null }),
  };
  const started = (options: Partial<RemoteWriteExporterOptions> = {}, registry = new MetricsRegistry()) => {
    const exporter = new RemoteWriteExporter(registry, { ...quiet, ...options }, { logger });
    exporter.start();
    return exporter;
  };
  beforeEach(() => void warnings.splice(0));

  it('are warned about the same labels at the same receiver, once', async () => {
    const exporters = [started(), started()];
    expect(warnings).toEqual([
      `Exporter \`remote_write\`: another application of this process pushes to the same receiver as the instance "${hostname()}:${process.pid}", so that their series contradict each other. Set the option \`labels: { instance }\` of one of them.`,
    ]);
    await Promise.all(exporters.map((exporter) => exporter.shutdown()));
  });

  it('are not warned with labels or receivers of their own, or one after the other', async () => {
    const registry = new MetricsRegistry({ defaultLabels: { instance: 'three' } });
    const exporters = [
      started(),
      started({ labels: { instance: 'two' } }),
      started({ labels: { job: 'other' } }),
      started({ url: 'http://127.0.0.1:9/other' }),
      started({}, registry),
    ];
    await Promise.all(exporters.map((exporter) => exporter.shutdown()));
    const next = started();
    await next.shutdown();
    expect(warnings).toEqual([]);
  });

  it('is one application with two exporters to a receiver', async () => {
    const registry = new MetricsRegistry();
    const exporters = [started({}, registry), started({}, registry)];
    await Promise.all(exporters.map((exporter) => exporter.shutdown()));
    expect(warnings).toEqual([]);
  });
});

describe('a response', () => {
  it.each([
    [503, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [408, 'retry'],
    [400, 'drop'],
    [422, 'drop'],
    [401, 'stop'],
    [403, 'stop'],
    [404, 'stop'],
    [405, 'stop'],
    [302, 'stop'],
  ] as const)('of status %i means: %s', async (status, remedy) => {
    const { registry, exporter, count } = setUp({ bearerToken: SECRET });
    registry.gauge('users', 'Users.').set(1);
    server.troubles.push({ status, headers: { 'retry-after': '7' }, body: `your ${SECRET} is no good` });
    const failure = (await exporter.exportAll().catch((error: unknown) => error)) as Error;
    expect(failure).toMatchObject({ remedy, retryAfterMs: 7_000 });
    expect(failure.message).toContain(`The receiver responded with ${status} your *** is no good`);
    expect(exporter.stopReason !== undefined).toBe(remedy === 'stop');
    expect(count('dropped_points_total')).toBe(remedy === 'drop' ? 1 : 0);
    await exporter.shutdown();
  });

  it('of status 413 makes requests smaller', async () => {
    const { registry, exporter, count } = setUp();
    const users = registry.gauge('users', 'Users.', { labelNames: ['id'] });
    for (let id = 0; id < 5; id++) users.set({ id }, id);
    server.troubles.push({ status: 413 }, { status: 413 });
    await exporter.exportAll();
    expect(server.current('users').map(({ value }) => value)).toEqual([0, 1, 2, 3, 4]);
    expect(count('dropped_points_total')).toBe(0);
  });

  it('of status 413 to every request ends after a bounded number of requests', async () => {
    const registry = new MetricsRegistry();
    const users = registry.gauge('users', 'Users.', { labelNames: ['id'] });
    for (let id = 0; id < 900; id++) users.set({ id }, id);
    let requests = 0;
    const exporter = new RemoteWriteExporter(registry, {
      url: 'http://127.0.0.1:9/',
      metadata: false,
      fetch: async () => {
        requests++;
        return { status: 413, headers: new Headers(), body: null };
      },
    });
    await exporter.exportAll().catch(() => undefined);
    expect(requests).toBeGreaterThan(100);
    // The last pieces are refused for good, and then split to find the one to blame.
    expect(requests).toBeLessThanOrEqual(2 * (128 + 32) + 1);
  });

  it('that rejects decides by its head, although its body never ends', async () => {
    const registry = new MetricsRegistry();
    registry.gauge('users', 'Users.').set(1);
    const body = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }),
    };
    const exporter = new RemoteWriteExporter(registry, {
      url: 'http://127.0.0.1:9/',
      metadata: false,
      timeoutMs: 50,
      fetch: async () => ({ status: 400, headers: new Headers(), body }),
    });
    await expect(exporter.exportAll()).rejects.toMatchObject({ remedy: 'drop' });
  });

  it('about samples that are out of order drops these alone', async () => {
    const { registry, exporter, count } = setUp({ labels: { instance: 'one' } });
    registry.gauge('users', 'Users.').set(1);
    await exporter.exportAll();
    const key = [...server.series.keys()][0]!;
    server.series.get(key)!.samples.push({ timestamp: Date.now() + 60_000, value: 9 });
    registry.gauge('orders', 'Orders.').set(2);
    await expect(exporter.exportAll()).rejects.toThrow('400 out of order sample');
    expect(server.current('orders')).toMatchObject([{ value: 2 }]);
    expect(count('dropped_points_total')).toBe(1);
  });

  it.each(['out of bounds', 'err-mimir-sample-timestamp-too-old: the sample is too old'])(
    'about the time of a whole request, "%s", drops it in one attempt',
    async (message) => {
      const { registry, exporter, count } = setUp();
      const users = registry.gauge('users', 'Users.', { labelNames: ['id'] });
      for (let id = 0; id < 100; id++) users.set({ id }, id);
      server.troubles.push({ status: 400, body: message });
      await expect(exporter.exportAll()).rejects.toThrow(message);
      expect(server.requests).toHaveLength(1);
      expect(count('dropped_points_total')).toBe(100);
    },
  );

  it('that rejects samples again and again is logged once', async () => {
    const { registry, exporter, count } = setUp({ intervalMs: 20 });
    registry.gauge('users', 'Users.').set(1);
    server.poison = 'users';
    exporter.start();
    await eventually(() => expect(count('dropped_points_total')).toBeGreaterThan(2));
    await exporter.shutdown();
    expect(log.lines.filter((line) => line.includes('rejected by the remote'))).toEqual([
      'warn: Exporter `remote_write` dropped 1 data point: rejected by the remote (The receiver responded with 400 users is not taken).',
    ]);
  });
});

describe('the credentials', () => {
  async function requestWith(options: Partial<RemoteWriteExporterOptions>): Promise<ReceivedRequest> {
    const { registry, exporter } = setUp(options);
    registry.gauge('users', 'Users.').set(1);
    await exporter.open();
    await exporter.exportAll();
    await exporter.shutdown();
    expect(inspect(exporter, { depth: 4, maxArrayLength: 9 })).not.toContain(SECRET);
    return server.requests[0]!;
  }

  it('are those of basic authentication', async () => {
    const { headers } = await requestWith({ basicAuth: { username: '1234', password: SECRET } });
    expect(headers.authorization).toBe(`Basic ${Buffer.from(`1234:${SECRET}`).toString('base64')}`);
  });

  it('are a bearer token', async () => {
    expect((await requestWith({ bearerToken: SECRET })).headers.authorization).toBe(`Bearer ${SECRET}`);
  });

  it('may be in headers, in any case', async () => {
    const headers = { 'X-Scope-OrgID': 'shop', Authorization: `Token ${SECRET}` };
    const request = await requestWith({ headers });
    expect(request.headers).toMatchObject({
      'x-scope-orgid': 'shop',
      authorization: `Token ${SECRET}`,
      'content-type': 'application/x-protobuf',
    });
  });

  it.each<[string, RemoteWriteExporterOptions['sigV4'], string]>([
    [
      'given',
      { region: 'eu-west-1', credentials: { accessKeyId: 'AKID', secretAccessKey: SECRET } },
      'eu-west-1/aps',
    ],
    [
      'returned, of another service',
      {
        region: 'eu-west-1',
        service: 'execute-api',
        credentials: async () => ({ accessKeyId: 'AKID', secretAccessKey: SECRET, sessionToken: 'session' }),
      },
      'eu-west-1/execute-api',
    ],
    ['found in the environment', {}, 'eu-north-1/aps'],
  ])('of AWS sign each request, %s', async (_, sigV4, scope) => {
    stubEnv('AWS_REGION', 'eu-north-1');
    stubEnv('AWS_ACCESS_KEY_ID', 'AKID');
    stubEnv('AWS_SECRET_ACCESS_KEY', SECRET);
    const { headers, url, body } = await requestWith({ sigV4: sigV4! });
    const date = String(headers['x-amz-date']);
    const [, credential, signed, signature] =
      /^AWS4-HMAC-SHA256 Credential=AKID\/(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/.exec(
        headers.authorization ?? '',
      ) ?? [];
    expect(credential).toBe(`${date.slice(0, 8)}/${scope}/aws4_request`);
    expect(signed!.split(';')).toEqual(
      expect.arrayContaining(['host', 'x-amz-content-sha256', 'x-amz-date']),
    );
    expect(headers['x-amz-content-sha256']).toBe(sha256(body));
    // As the service does it, from what arrived.
    const canonical = [
      'POST',
      url,
      '',
      ...signed!.split(';').map((name) => `${name}:${String(headers[name])}`),
      '',
      signed,
      sha256(body),
    ].join('\n');
    const text = ['AWS4-HMAC-SHA256', date, credential, sha256(canonical)].join('\n');
    const key = credential!
      .split('/')
      .reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${SECRET}`);
    expect(signature).toBe(hmac(key, text).toString('hex'));
  });

  it('of AWS that cannot be had are asked for again', async () => {
    let asked = 0;
    const credentials = async () => {
      if (asked++ === 0) throw new Error('no metadata service');
      return { accessKeyId: 'AKID', secretAccessKey: SECRET };
    };
    const { registry, exporter } = setUp({ sigV4: { region: 'eu-west-1', credentials } });
    registry.gauge('users', 'Users.').set(1);
    await expect(exporter.exportAll()).rejects.toMatchObject({
      remedy: 'retry',
      message: 'AWS credentials: no metadata service',
    });
    await exporter.exportAll();
    expect(server.current('users')).toHaveLength(1);
  });
});

describe('the default labels', () => {
  async function labelsWith(isLeader?: () => boolean): Promise<Readonly<Record<string, string>>> {
    const registry = new MetricsRegistry();
    registry.gauge('users', 'Users.').set(1);
    const url = `${server.url}/api/v1/write`;
    const exporter = new RemoteWriteExporter(registry, { url }, isLeader && { isLeader });
    await exporter.exportAll();
    return server.current('users')[0]!.labels;
  }

  it('tell processes apart', async () => {
    stubEnv('OTEL_SERVICE_NAME', 'crm');
    expect(await labelsWith()).toMatchObject({ job: 'crm', instance: `${hostname()}:${process.pid}` });
  });

  it('are those of the host for the workers of a cluster, of which another may lead later', async () => {
    stubEnv('OTEL_SERVICE_NAME', undefined);
    expect(await labelsWith(() => true)).toMatchObject({ job: 'nestjs', instance: hostname() });
  });
});

describe('the end of the series', () => {
  it.each<[string, object]>([
    ['a follower', { isLeader: () => false }],
    ['a leader with a successor', { hasSuccessor: () => true }],
  ])('is not sent by %s', async (_, dependencies) => {
    const registry = new MetricsRegistry();
    registry.gauge('users', 'Users.').set(1);
    const url = `${server.url}/api/v1/write`;
    const exporter = new RemoteWriteExporter(registry, { url }, { isLeader: () => true, ...dependencies });
    await exporter.exportAll();
    exporter.start();
    await exporter.shutdown();
    expect(server.current('users')).toHaveLength(1);
  });

  it('is not sent by a script that exports once', async () => {
    const { registry, exporter } = setUp();
    registry.gauge('users', 'Users.').set(1);
    await exporter.exportAll();
    await exporter.shutdown();
    expect(server.current('users')).toHaveLength(1);
  });
});

describe('the options', () => {
  const url = 'https://mimir.example.com/api/v1/push';

  it.each<[object, string]>([
    [{}, '`exporters.remoteWrite.url` must be an http or https URL'],
    [{ url: 'mimir:9009' }, '`exporters.remoteWrite.url` must be an http or https URL'],
    [{ url: `https://user:${SECRET}@mimir` }, '`exporters.remoteWrite.url` must not contain credentials'],
    [{ url, labels: ['shop'] }, 'exporters.remoteWrite.labels` must be an object; got an array'],
    [{ url, bearerToken: 'é' }, 'must be a string of printable ASCII characters; got a string.'],
    [{ url, labels: { __name__: 'x' } }, 'A key of exporters.remoteWrite.labels must be a valid label name'],
    [{ url, labels: { le: '1' } }, 'must be a valid label name other than le and quantile'],
    [{ url, labels: { zone: 1 } }, '`exporters.remoteWrite.labels.zone` must be a string'],
    [{ url, headers: { 'a b': SECRET } }, '`exporters.remoteWrite.headers` must contain valid header names'],
    [
      { url, headers: { 'Content-Length': SECRET } },
      '`exporters.remoteWrite.headers` must not contain the header "Content-Length", which the exporter sets for each request. Remove it.',
    ],
    [
      { url, basicAuth: { username: 'a', password: '' } },
      '`exporters.remoteWrite.basicAuth.password` must be',
    ],
    [{ url, bearerToken: '' }, '`exporters.remoteWrite.bearerToken` must be a non-empty string'],
    [
      { url, bearerToken: `${SECRET}\n` },
      '`exporters.remoteWrite.bearerToken` must be a string of printable',
    ],
    [{ url, bearerToken: SECRET, headers: { AUTHORIZATION: SECRET } }, 'must have at most one of basicAuth'],
    [{ url, sigV4: { region: 1 } }, '`exporters.remoteWrite.sigV4.region` must be a string'],
    [{ url, sigV4: {} }, '`exporters.remoteWrite.sigV4.region` must be a region'],
    [
      { url, sigV4: { region: 'a', credentials: SECRET } },
      '`exporters.remoteWrite.sigV4.credentials` must be',
    ],
    [
      { url, sigV4: { region: 'a', credentials: { accessKeyId: 'a' } } },
      '`exporters.remoteWrite.sigV4.credentials.secretAccessKey` must be a non-empty string',
    ],
    [
      { url, nativeHistograms: { maxBuckets: 3 } },
      '`exporters.remoteWrite.nativeHistograms.maxBuckets` must be',
    ],
    [{ url, staleMarkers: 'no' }, '`exporters.remoteWrite.staleMarkers` must be'],
    [{ url, fetch: 'fetch' }, '`exporters.remoteWrite.fetch` must be a function like fetch'],
    [{ url, jobName: 'x' }, 'jobName'],
  ])('%j are refused, without showing a secret', (remoteWrite, message) => {
    stubEnv('AWS_REGION', undefined);
    let error = '';
    try {
      resolveExporters({ remoteWrite: remoteWrite as RemoteWriteExporterOptions });
    } catch (thrown) {
      error = String(thrown);
    }
    expect(error).toContain(message);
    expect(error).not.toContain(SECRET);
  });

  it('find the region in the URL of a workspace', () => {
    stubEnv('AWS_REGION', undefined);
    const workspace = 'https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write';
    expect(() => resolveExporters({ remoteWrite: { url: workspace, sigV4: {} } })).not.toThrow();
  });
});

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
