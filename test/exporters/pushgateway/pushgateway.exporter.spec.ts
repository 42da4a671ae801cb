import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from '../../../lib/metrics/registry.js';
import type { PushgatewayExporterOptions } from 'nestjs-monitoring/exporters';
import { PushgatewayExporter } from '../../../lib/exporters/pushgateway/pushgateway.exporter.js';
import { JsonFileDestination } from '../../../lib/exporters/json/json-file.destination.js';
import type { MetricsInterval } from '../../../lib/exporters/push/metrics-interval.js';
import { PushgatewayDestination } from '../../../lib/exporters/pushgateway/pushgateway.destination.js';
import { groupPath } from '../../../lib/exporters/pushgateway/pushgateway.client.js';

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function exporterFor(url: string, options: Partial<PushgatewayExporterOptions> = {}) {
  const registry = new MetricsRegistry();
  registry.counter('users_total', 'Users.').inc();
  return new PushgatewayExporter(registry, { url, jobName: 'nightly', ...options });
}

describe('the URL of a group', () => {
  it.each([
    [{ job: 'nightly' }, '/job/nightly'],
    [{ job: 'a b', instance: 'é' }, '/job/a%20b/instance/%C3%A9'],
    [{ job: '/var/tmp' }, '/job@base64/L3Zhci90bXA'],
    [{ job: 'x', path: '' }, '/job/x/path@base64/='],
    [{ job: '..' }, '/job@base64/Li4'],
  ])('for %j is %s', (labels, path) => {
    expect(groupPath(labels)).toBe(path);
  });
});

describe('the points of a push', () => {
  it('are the series that are there, without the removed ones', () => {
    const registry = new MetricsRegistry();
    const users = registry.gauge('users', 'Users.', { labelNames: ['room'] });
    for (let room = 0; room < 60; room++) users.set({ room: String(room) }, 1);
    for (let room = 0; room < 50; room++) users.remove({ room: String(room) });
    const snapshot = registry.snapshot();
    const count = snapshot.families.reduce((sum, { series }) => sum + [...series].length, 0);
    const interval = { snapshot } as unknown as MetricsInterval;
    for (const destination of [
      new PushgatewayDestination(undefined as never, []),
      new JsonFileDestination('metrics.json'),
    ]) {
      expect(destination.encode(interval)).toMatchObject([{ points: count }]);
    }
    expect(count).toBeLessThan(50);
  });
});

describe('a push', () => {
  it('sends credentials and text format 0.0.4 without timestamps, and never shows the password', async () => {
    let seen: IncomingMessage | undefined;
    let body = '';
    const url = await listen((request, response) => {
      seen = request;
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => response.writeHead(401).end('no'));
    });
    const exporter = exporterFor(url, { basicAuth: { username: 'crm', password: 'hunter2' } });
    const error = await exporter.push().catch((reason: unknown) => reason as Error);
    expect(String(error)).toContain('failed with status 401: no');
    expect(String(error)).not.toMatch(/hunter2|Y3JtOmh1bnRlcjI/);
    expect([seen?.method, seen?.url, seen?.headers.authorization, seen?.headers['content-type']]).toEqual([
      'PUT',
      '/metrics/job/nightly',
      'Basic Y3JtOmh1bnRlcjI=',
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    expect(body).toContain('\nusers_total 1\n');
    // Nobody will let it in until somebody acts.
    await expect(exporter.push()).rejects.toThrow('401');
  });

  it('has the headers and the token of the options with each method, and shows neither', async () => {
    const seen: unknown[] = [];
    const url = await listen(({ method, headers }, response) => {
      seen.push([method, headers.authorization, headers['x-tenant'], headers['content-type']]);
      // As gateways do that mean to help.
      response.writeHead(403).end(`no access for ${headers.authorization} of ${String(headers['x-tenant'])}`);
    });
    const exporter = exporterFor(url, { bearerToken: 's3cret', headers: { 'X-Tenant': 'pl4nted' } });
    const errors = [];
    for (const method of ['push', 'pushAdd', 'delete'] as const) {
      errors.push(String(await exporter[method]().catch((reason: unknown) => reason)));
    }
    const sent = ['Bearer s3cret', 'pl4nted', 'text/plain; version=0.0.4; charset=utf-8'];
    expect(seen).toEqual([
      ['PUT', ...sent],
      ['POST', ...sent],
      ['DELETE', ...sent],
    ]);
    for (const error of errors) expect(error).toContain('failed with status 403: no access for');
    expect(errors.join('\n') + inspect(exporter, { depth: 9 })).not.toMatch(/s3cret|pl4nted/);
  });

  it('times out, with each method', async () => {
    const url = await listen(() => undefined);
    const exporter = exporterFor(url, { timeoutMs: 50 });
    await expect(exporter.push()).rejects.toThrow('timed out after 50 ms');
    await expect(exporter.pushAdd()).rejects.toThrow('failed: The operation was aborted due to timeout');
    await expect(exporter.delete()).rejects.toThrow('failed: The operation was aborted due to timeout');
  });

  it('to an unreachable Pushgateway fails with the reason', async () => {
    const url = await listen(() => undefined);
    server?.close();
    await expect(exporterFor(url).push()).rejects.toThrow('ECONNREFUSED');
  });
});

describe('the options of PushgatewayExporter', () => {
  it.each<[object, string]>([
    [{ url: 'pushgateway:9091' }, 'must be an http or https URL such as http://pushgateway:9091'],
    [
      { url: 'http://me:secret@host' },
      'must not contain credentials. Set the option basicAuth or bearerToken',
    ],
    [
      { url: 'http://host:9091/?a=b' },
      'must be an http or https URL such as http://pushgateway:9091, without query and fragment',
    ],
    [
      { url: undefined },
      'must be an http or https URL such as http://pushgateway:9091, without query and fragment; got undefined.',
    ],
    [{ jobName: '' }, '`jobName` of the options of PushgatewayExporter must be'],
    [
      { groupings: { job: 'x' } },
      'groupings must be a valid label name other than job; got the string "job"',
    ],
    [
      { groupings: { 'a-b': 'x' } },
      'groupings must be a valid label name other than job; got the string "a-b"',
    ],
    [
      { basicAuth: { username: 'u', password: '' } },
      '`basicAuth.password` of the options of PushgatewayExporter must be a non-empty string',
    ],
    [
      { bearerToken: '' },
      '`bearerToken` of the options of PushgatewayExporter must be a non-empty string; got an empty one. Check that the environment variable it is read from is set.',
    ],
    [{ bearerToken: 'secret\n' }, '`bearerToken` of the options of PushgatewayExporter must be a string of'],
    [{ headers: { 'a b': 'secret' } }, 'the header "a b" does not'],
    [{ headers: { 'x-a': 'secret\r\nx-b: secret' } }, 'the header "x-a" does not'],
    [
      { headers: 'secret' },
      '`headers` of the options of PushgatewayExporter must be an object; got a string.',
    ],
    [{ headers: { 'Content-Type': 'text/html' } }, 'which the exporter sets for each request. Remove it.'],
    [
      { bearerToken: 'secret', headers: { Authorization: 'Basic secret' } },
      'must have at most one of basicAuth, bearerToken and the header authorization; got 2. Keep the one that the Pushgateway expects.',
    ],
  ])('%j are refused without showing a secret', (options, message) => {
    const make = () => exporterFor('http://127.0.0.1:1', options);
    expect(make).toThrow(message);
    expect(make).not.toThrow('secret');
  });
});
