import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from '@jest/globals';
import { buildLibrary, ROOT } from '../../services/support/built.js';

beforeAll(buildLibrary, 240_000);

/**
 * An application starts and ends before the process has used `fetch`. A channel that nobody has any more is collected
 * then; Node 20 forgets the one of the same name that `fetch` creates between the collection and its finalizer.
 */
const SCRIPT = `
  import 'reflect-metadata';
  import { once } from 'node:events';
  import { createServer } from 'node:http';
  import { setTimeout as sleep } from 'node:timers/promises';
  import { Module } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import { MetricsRegistry, MonitoringModule } from '${ROOT}dist/index.js';

  const server = createServer((request, response) => response.end('ok')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const request = async () => (await fetch('http://127.0.0.1:' + server.address().port)).text();

  async function start() {
    class AppModule {}
    Module({ imports: [MonitoringModule.forRoot()] })(AppModule);
    return NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
  }

  await (await start()).close();
  await sleep(10);
  gc();
  await request();
  await sleep(50);
  gc();

  const app = await start();
  await request();
  const registry = app.get(MetricsRegistry);
  const { families } = await registry.collect();
  const family = families.find(({ name }) => name === 'http_client_request_duration_seconds');
  console.log([...(family?.series ?? [])].reduce((sum, { count }) => sum + count, 0));
  await app.close();
  server.close();
  server.closeAllConnections();
`;

it('hears of requests by fetch in an application that is started again after a garbage collection', async () => {
  const args = ['--expose-gc', '--input-type=module', '--eval', SCRIPT];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    cwd: ROOT,
    timeout: 200_000,
  });
  expect([stdout.trim(), stderr]).toEqual(['1', '']);
}, 240_000);
