import { once } from 'node:events';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from 'nestjs-monitoring';
import { PushgatewayExporter, type PushgatewayExporterOptions } from 'nestjs-monitoring/exporters';
import { parseExposition, type Sample } from '../e2e/fixture/exposition.js';
import { eventually } from '../support/eventually.js';
import { describeWith, requireBinary } from './support/binaries.js';
import { freePort } from './support/free-port.js';
import { ServerProcess } from './support/server.process.js';

describeWith(['prometheus-pushgateway'], 'the exporter for a real Pushgateway', () => {
  let server: ServerProcess;
  let url = '';

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    server = await ServerProcess.start({
      command: requireBinary('prometheus-pushgateway'),
      args: [`--web.listen-address=127.0.0.1:${port}`, '--persistence.file='],
      isReady: async () => (await fetch(`${url}/-/ready`)).ok,
    });
  });
  afterAll(() => server.stop());

  function job(jobName: string, options: Partial<PushgatewayExporterOptions> = {}) {
    const registry = new MetricsRegistry({ defaultLabels: { service: 'crm' } });
    return { registry, exporter: new PushgatewayExporter(registry, { url, jobName, ...options }) };
  }

  /** What Prometheus would scrape of a job. */
  async function shown(jobName: string): Promise<Sample[]> {
    const text = await (await fetch(`${url}/metrics`)).text();
    return parseExposition(text).filter(
      ({ name, labels }) => labels['job'] === jobName && !/^push_|^monitoring_/.test(name),
    );
  }

  it('replaces the group, adds to it, and deletes it', async () => {
    const { registry, exporter } = job('nightly');
    registry.counter('users_total', 'Users.').inc(3);
    const labels = { instance: '', job: 'nightly', service: 'crm' };
    await exporter.push();
    expect(await shown('nightly')).toEqual([{ name: 'users_total', labels, value: 3 }]);
    registry.counter('users_total', 'Users.').inc(4);
    await exporter.exportAll();
    expect(await shown('nightly')).toEqual([{ name: 'users_total', labels, value: 7 }]);

    const added = job('nightly');
    added.registry.gauge('last_success', 'When.').set(9);
    await added.exporter.pushAdd();
    expect((await shown('nightly')).map(({ name }) => name).toSorted()).toEqual([
      'last_success',
      'users_total',
    ]);
    await added.exporter.push();
    expect((await shown('nightly')).map(({ name }) => name)).toEqual(['last_success']);
    await added.exporter.delete();
    // The Pushgateway answers before it has deleted.
    await eventually(async () => expect(await shown('nightly')).toEqual([]));
  });

  it.each([['a/b'], [''], ['.'], ['..'], ['é ü?#%&"\\'], ['/'], ['{}'], ['line\nbreak']])(
    'keeps the grouping value %j as it is',
    async (value) => {
      const jobName = `odd/${value}x`;
      const { registry, exporter } = job(jobName, { groupings: { path: value, zone: 'eu' } });
      registry.histogram('size_items', 'Sizes.', { buckets: [1] }).observe(2);
      await exporter.exportAll();
      const samples = await shown(jobName);
      expect(samples.map(({ name }) => name)).toContain('size_items_bucket');
      for (const { labels } of samples) expect([labels['path'] ?? '', labels['zone']]).toEqual([value, 'eu']);
      await exporter.delete();
      await eventually(async () => expect(await shown(jobName)).toEqual([]));
    },
  );

  it('keeps series apart by labels that the group has too, as Prometheus does', async () => {
    const { registry, exporter } = job('clash', { groupings: { zone: 'eu' } });
    const labelNames = ['job', 'zone', 'exported_zone'] as const;
    const runs = registry.counter('runs_total', 'Runs.', { labelNames });
    runs.inc({ job: 'a', zone: 'x', exported_zone: 'y' });
    runs.inc({ job: ',job="b"', zone: 'x', exported_zone: 'y' }, 2);
    await exporter.exportAll();
    const labels = { service: 'crm', job: 'clash', instance: '', zone: 'eu', exported_zone: 'y' };
    expect(await shown('clash')).toEqual([
      {
        name: 'runs_total',
        labels: { ...labels, exported_job: ',job="b"', exported_exported_zone: 'x' },
        value: 2,
      },
      { name: 'runs_total', labels: { ...labels, exported_job: 'a', exported_exported_zone: 'x' }, value: 1 },
    ]);
  });

  it('says what the Pushgateway has against a push', async () => {
    const registry = new MetricsRegistry();
    registry.counter('users_total', 'Users.').inc();
    const exporter = new PushgatewayExporter(registry, { url: `${url}/nowhere`, jobName: 'lost' });
    await expect(exporter.exportAll()).rejects.toThrow('/nowhere/metrics/job/lost failed with status 404');
  });

  it('is reached through a proxy that asks for a token and a header', async () => {
    // The proxy of somebody who runs a Pushgateway, which itself has neither tokens nor tenants.
    const proxy = createServer((request, response) => {
      const { authorization, 'x-tenant': tenant } = request.headers;
      if (authorization !== 'Bearer s3cret' || tenant !== 'crm') {
        response.writeHead(401).end(`not for ${authorization}`);
        return;
      }
      const { method, headers } = request;
      const forwarded = forward(`${url}${request.url}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      forwarded.on('error', () => response.writeHead(502).end());
      request.pipe(forwarded);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    try {
      const through = { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
      const headers = { 'X-Tenant': 'crm' };
      const known = job('proxied', { ...through, headers, bearerToken: 's3cret' });
      known.registry.counter('users_total', 'Users.').inc(3);
      await known.exporter.push();
      expect(await shown('proxied')).toMatchObject([{ name: 'users_total', value: 3 }]);
      const unknown = job('proxied', { ...through, headers, bearerToken: 'wr0ng' });
      const error = String(await unknown.exporter.push().catch((reason: unknown) => reason));
      expect(error).toContain('failed with status 401: not for');
      expect(error).not.toContain('wr0ng');
      expect(await shown('proxied')).toHaveLength(1);
      await known.exporter.delete();
      await eventually(async () => expect(await shown('proxied')).toEqual([]));
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  describe('takes what it can of metrics that are partly refused', () => {
    /** Another job has metrics of the same names and of another type. */
    async function refusing(jobName: string, numbers: readonly number[]): Promise<void> {
      for (const number of numbers) {
        const name = `${jobName}_${number}`;
        const body = `# TYPE ${name} histogram\n${name}_bucket{le="+Inf"} 1\n${name}_sum 1\n${name}_count 1\n`;
        const answer = await fetch(`${url}/metrics/job/other_${name}`, { method: 'PUT', body });
        expect(answer.ok).toBe(true);
      }
    }

    it.each<[string, 'push' | 'pushAdd', number, number[]]>([
      ['first', 'push', 300, [0]],
      ['last', 'push', 300, [299]],
      ['neighbours', 'push', 300, [100, 101, 102]],
      ['added', 'pushAdd', 300, [7]],
      ['added_two', 'pushAdd', 300, [7, 200]],
      ['all', 'push', 3, [0, 1, 2]],
      ['all_added', 'pushAdd', 3, [0, 1, 2]],
      ['one', 'push', 1, [0]],
    ])('%s, by %s', async (name, method, count, refused) => {
      const jobName = `partly_${name}`;
      await refusing(jobName, refused);
      const { registry, exporter } = job(jobName);
      for (let i = 0; i < count; i++) registry.gauge(`${jobName}_${i}`, 'Some.').set(i);
      // Once more, since it remembers what was refused.
      for (let times = 0; times < 2; times++) {
        await expect(exporter[method]()).rejects.toThrow('failed with status 400');
        expect(await shown(jobName)).toHaveLength(count - refused.length);
      }
      await exporter.delete();
    });
  });

  it('pushes a last time when it is shut down', async () => {
    const { registry, exporter } = job('batch');
    exporter.start();
    registry.counter('users_total', 'Users.').inc(5);
    await exporter.shutdown();
    expect(await shown('batch')).toMatchObject([{ name: 'users_total', value: 5 }]);
  });
});
