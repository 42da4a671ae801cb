import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HealthCheck, HealthCheckResult } from 'nestjs-monitoring';
import { HealthMonitor } from '../../../lib/health/health.monitor.js';
import {
  httpHealthCheck,
  microserviceHealthCheck,
  tcpHealthCheck,
} from '../../../lib/health/checks/network.checks.js';
import { alertsHealthCheck, type FiringAlerts } from '../../../lib/health/checks/monitoring.checks.js';

async function found(check: HealthCheck): Promise<HealthCheckResult | undefined> {
  const monitor = new HealthMonitor();
  monitor.addCheck(check);
  const { checks } = await monitor.runHealthChecks();
  monitor.stop();
  return checks[check.name];
}

const never = (): Promise<never> => new Promise(() => undefined);
const answer = (): Promise<string> => Promise.resolve('PONG');

const alert = { rule: 'route_fails', severity: 'critical', message: 'A route fails' };

function firing(severity: string): FiringAlerts {
  return { firing: () => [{ ...alert, severity }] };
}

function well(): { status: 'healthy' } {
  return { status: 'healthy' };
}

function taken(name: string): string {
  return `A health check named \`${name}\` already exists. Choose another name.`;
}

describe('the check of another service', () => {
  let server: Server;
  let port = 0;
  let received: (string | undefined)[] = [];

  beforeEach(async () => {
    received = [];
    server = createServer((request, response) => {
      received.push(request.headers.authorization);
      if (request.url === '/hangs') return;
      const [, status, location] = /^\/(30\d)-(.+)$/.exec(request.url ?? '') ?? [];
      if (status !== undefined) {
        response.writeHead(Number(status), { location: decodeURIComponent(location ?? '') }).end();
        return;
      }
      response.writeHead(Number(request.url?.slice(1))).end('a body that nobody reads');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });

  async function close(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  const url = (path: string): string => `http://127.0.0.1:${port}/${path}`;

  it('is healthy for a 2xx response, and sends the headers', async () => {
    const headers = { authorization: 'Bearer secret' };
    const result = await found(httpHealthCheck({ name: 'api', url: url('204'), headers }));
    expect(result).toMatchObject({
      status: 'healthy',
      message: 'HTTP 204',
      details: { http_status: 204 },
    });
    expect(received).toEqual(['Bearer secret']);
    expect(JSON.stringify(result)).not.toContain('secret');
  });

  it('sends the credentials of the URL, and never shows them', async () => {
    const address = url('204').replace('//', '//user:p%40ss@');
    for (const given of [address, new URL(address)]) {
      const result = await found(httpHealthCheck({ name: 'api', url: given }));
      expect(result).toMatchObject({ status: 'healthy' });
      expect(JSON.stringify(result)).not.toContain('p%40ss');
    }
    const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    expect(received).toEqual([authorization, authorization]);
  });

  it('is unhealthy for another response, and degraded if it is not critical', async () => {
    const check = { name: 'api', url: url('503') };
    expect(await found(httpHealthCheck(check))).toMatchObject({
      status: 'unhealthy',
      message: 'HTTP 503 (expected 2xx)',
    });
    expect(await found(httpHealthCheck({ ...check, critical: false }))).toMatchObject({ status: 'degraded' });
  });

  it('is healthy for the expected status only', async () => {
    const check = { name: 'api', expectedStatus: 401 };
    expect(await found(httpHealthCheck({ ...check, url: url('401') }))).toMatchObject({ status: 'healthy' });
    expect(await found(httpHealthCheck({ ...check, url: url('200') }))).toMatchObject({
      status: 'unhealthy',
    });
  });

  it.each([
    ['301 to the same host', 301, '/200'],
    ['302 to another host', 302, 'http://localhost:PORT/200'],
    ['303 to a login', 303, 'http://localhost:PORT/200'],
    ['307 to another port', 307, 'http://127.0.0.1:1/200'],
    ['308 to a protocol of another kind', 308, 'file:///etc/passwd'],
    ['302 to nowhere', 302, '//'],
  ])('does not follow a redirect: %s', async (_title, status, to) => {
    const location = encodeURIComponent(to.replace('PORT', String(port)));
    const check = {
      name: 'api',
      url: url(`${status}-${location}`),
      headers: { authorization: 'Bearer secret', 'x-api-key': 'secret' },
    };
    expect(await found(httpHealthCheck(check))).toMatchObject({
      status: 'unhealthy',
      message: `HTTP ${status} (expected 2xx)`,
    });
    expect(received).toHaveLength(1);
    expect(await found(httpHealthCheck({ ...check, expectedStatus: status }))).toMatchObject({
      status: 'healthy',
    });
    expect(received).toHaveLength(2);
  });

  it('reports the reason of a failed request', async () => {
    expect(await found(httpHealthCheck({ name: 'api', url: url('hangs'), timeoutMs: 50 }))).toMatchObject({
      status: 'unhealthy',
      message: 'timed out after 50 ms',
    });
    await close();
    expect((await found(httpHealthCheck({ name: 'api', url: url('200') })))?.message).toContain(
      'ECONNREFUSED',
    );
  });

  it('can check a TCP port', async () => {
    const check = { name: 'broker', host: '127.0.0.1', port };
    expect(await found(tcpHealthCheck(check))).toMatchObject({
      status: 'healthy',
      message: 'TCP connection successful',
    });
    await close();
    const gone = await found(tcpHealthCheck(check));
    expect(gone?.status).toBe('unhealthy');
    expect(gone?.message).toContain('ECONNREFUSED');
  });
});

describe('the check of a microservice', () => {
  it('connects its client', async () => {
    const client = { connect: () => Promise.resolve() };
    expect(await found(microserviceHealthCheck({ name: 'mails', client }))).toMatchObject({
      status: 'healthy',
    });
  });

  it.each([
    ['a frozen Redis', () => [{ ping: never }, { ping: answer }], 'unhealthy'],
    ['a Redis that answers', () => [{ ping: answer }, { ping: answer }], 'healthy'],
    ['a Redis that refuses', () => [{ ping: () => Promise.reject(new Error('LOADING')) }], 'unhealthy'],
    ['a frozen NATS', () => ({ rtt: never }), 'unhealthy'],
    ['a NATS that answers', () => ({ rtt: answer }), 'healthy'],
    ['a transport without a ping', () => ({ publish: never }), 'healthy'],
    ['a transport that is not there', () => undefined, 'healthy'],
    [
      'a transport that says so',
      () => {
        throw new Error('Not initialized');
      },
      'unhealthy',
    ],
  ])('sends a ping to %s', async (_title, unwrap, status) => {
    const client = { connect: () => Promise.resolve(), unwrap };
    expect(await found(microserviceHealthCheck({ name: 'mails', client, timeoutMs: 50 }))).toMatchObject({
      status,
    });
  });

  it('is unhealthy if it cannot connect, and hides the credentials of the broker', async () => {
    const client = {
      connect: () => Promise.reject(new Error('no route to amqp://user:hunter2@broker:5672')),
    };
    expect(await found(microserviceHealthCheck({ name: 'mails', client }))).toMatchObject({
      status: 'unhealthy',
      message: 'no route to amqp://***@broker:5672',
    });
  });
});

describe('the check of alerts', () => {
  it('lists each firing rule once', async () => {
    const alerts = { firing: () => [alert, alert, { ...alert, rule: 'slow', severity: 'warning' }] };
    expect(await found(alertsHealthCheck({ alerts }))).toMatchObject({
      status: 'degraded',
      message: 'A route fails',
      details: { firing: ['route_fails'] },
    });
  });

  it('may have another name, other severities and another status', async () => {
    const options = { name: 'warnings', severities: ['warning'], status: 'critical' } as const;
    expect(await found(alertsHealthCheck({ ...options, alerts: firing('warning') }))).toMatchObject({
      status: 'critical',
    });
    expect(await found(alertsHealthCheck({ ...options, alerts: firing('critical') }))).toMatchObject({
      status: 'healthy',
    });
  });
});

describe('an invalid check', () => {
  it.each([
    [
      { name: '', check: well },
      'The name of a health check must be a name such as "payments"; got the string "".',
    ],
    [
      { name: 'a b', check: well },
      'The name of a health check must be a name such as "payments"; got the string "a b".',
    ],
    [
      { name: 'x', check: well, timeoutMs: 0 },
      '`timeoutMs` of health check x must be a number of milliseconds from 1 to 2147483647; got 0.',
    ],
    [
      { name: 'x', check: well, failureThreshold: 0 },
      '`failureThreshold` of health check x must be a whole number of at least 1; got 0.',
    ],
    [{ name: 'x', check: 5 }, '`check` of health check x must be a function; got 5.'],
    [
      { name: 'x', check: well, critical: 'no' },
      '`critical` of health check x must be true or false; got the string "no".',
    ],
  ])('is rejected: %j', (options, message) => {
    expect(() => new HealthMonitor().addCheck(options as unknown as HealthCheck)).toThrow(message);
  });

  it('is rejected if its name is in use or reserved', () => {
    const monitor = new HealthMonitor();
    monitor.addCheck({ name: 'x', check: well });
    expect(() => monitor.addCheck({ name: 'x', check: well })).toThrow(taken('x'));
    expect(() => monitor.addCheck({ name: 'lifecycle', check: well })).toThrow(taken('lifecycle'));
  });
});
