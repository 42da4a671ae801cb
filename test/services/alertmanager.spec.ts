import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { MetricsRegistry } from 'nestjs-monitoring';
import { AlertmanagerHandler } from 'nestjs-monitoring/alerting';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { createApp, eventually } from '../e2e/fixture/start-app.js';
import { describeWith, requireBinary } from './support/binaries.js';
import { freePort } from './support/free-port.js';
import { ServerProcess } from './support/server.process.js';

const PATIENCE_MS = 30_000;

interface Notified {
  readonly status: string;
  readonly alerts: readonly { readonly status: string; readonly labels: Readonly<Record<string, string>> }[];
}

describeWith(['prometheus-alertmanager'], 'alerts in Alertmanager', () => {
  let folder = '';
  let url = '';
  let alertmanager: ServerProcess | undefined;
  let hook: Server | undefined;
  const notified: Notified[] = [];
  const apps: INestApplication[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-alertmanager-'));
    hook = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (part: string) => (text += part));
      request.on('end', () => {
        notified.push(JSON.parse(text) as Notified);
        response.end();
      });
    }).listen(0, '127.0.0.1');
    await once(hook, 'listening');
    const hookUrl = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`;
    const config = join(folder, 'alertmanager.yml');
    // Every JSON document is YAML.
    await writeFile(
      config,
      JSON.stringify({
        route: { receiver: 'hook', group_wait: '1s', group_interval: '1s', repeat_interval: '1h' },
        receivers: [{ name: 'hook', webhook_configs: [{ url: hookUrl, send_resolved: true }] }],
      }),
    );
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    alertmanager = await ServerProcess.start({
      command: requireBinary('prometheus-alertmanager'),
      args: [
        `--config.file=${config}`,
        `--storage.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--cluster.listen-address=',
      ],
      cwd: folder,
      isReady: async () => (await fetch(`${url}/-/ready`)).ok,
    });
  }, 60_000);

  afterAll(async () => {
    for (const app of apps) await app.close();
    await alertmanager?.stop();
    hook?.closeAllConnections();
    hook?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** An instance of an application with a queue that may be long. */
  async function instance(): Promise<{ set: (length: number) => void }> {
    const app = await createApp(
      'express',
      FixtureModule.with({
        ...WITHOUT_COLLECTORS,
        defaultLabels: { service: 'orders' },
        alerting: {
          intervalMs: 200,
          rules: [
            {
              name: 'long_queue',
              condition: { metric: 'queue_length', operator: '>', threshold: 10 },
              severity: 'critical',
              message: 'Queue {{ labels.queue }} has {{ value }} jobs',
            },
          ],
          handlers: [new AlertmanagerHandler({ url, resendDelayMs: 3_000 })],
        },
      }),
    );
    apps.push(app);
    const queue = app
      .get(MetricsRegistry)
      .gauge('queue_length', 'Jobs that wait.', { labelNames: ['queue'] });
    const set = (length: number): void => queue.set({ queue: 'mail' }, length);
    set(0);
    await app.init();
    return { set };
  }

  it('fire once for two instances, are told of once, and are over when both say so', async () => {
    const [first, second] = [await instance(), await instance()];
    first.set(12);
    second.set(15);
    await eventually(async () => {
      const alerts = (await (await fetch(`${url}/api/v2/alerts`)).json()) as unknown[];
      expect(alerts).toMatchObject([
        {
          labels: { alertname: 'long_queue', queue: 'mail', service: 'orders', severity: 'critical' },
          status: { state: 'active' },
        },
      ]);
    }, PATIENCE_MS);
    await eventually(() => expect(notified).toHaveLength(1), PATIENCE_MS);
    expect(notified[0]).toMatchObject({ status: 'firing', alerts: [{ labels: { queue: 'mail' } }] });
    // One of them is well long before the other, longer than what it has sent is taken for true: that contradicts nothing.
    first.set(1);
    await new Promise((resolve) => setTimeout(resolve, 14_000));
    expect(notified.map(({ status }) => status)).toEqual(['firing']);
    second.set(1);
    await eventually(() => expect(notified.at(-1)).toMatchObject({ status: 'resolved' }), PATIENCE_MS);
    expect(notified.filter(({ status }) => status === 'firing')).toHaveLength(1);
  }, 120_000);
});
