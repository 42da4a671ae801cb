import { afterEach, describe, expect, it, jest } from '@jest/globals';
import serverlessHttp from 'serverless-http';
import { MetricsRegistry } from 'nestjs-monitoring';
import { StartupTimes } from 'nestjs-monitoring/diagnostics';
import { useFakeTimers } from '../support/fake-timers.js';
import { restoreEnv } from '../support/environment.js';
import { LambdaEnvironment } from './fixture/lambda-environment.js';
import { TRIGGERS } from './fixture/lambda-events.js';
import { ADAPTERS, eventually } from './fixture/start-app.js';

const environments: LambdaEnvironment[] = [];
afterEach(async () => {
  jest.useRealTimers();
  await Promise.all(environments.splice(0).map(({ app }) => app.close()));
  restoreEnv();
});

async function coldStart(
  ...args: Parameters<typeof LambdaEnvironment.coldStart>
): Promise<LambdaEnvironment> {
  const environment = await LambdaEnvironment.coldStart(...args);
  environments.push(environment);
  return environment;
}

function counted(environment: LambdaEnvironment): string[] {
  return environment
    .written('http_requests_total')
    .map(
      ({ dimensions, value }) =>
        `${dimensions['method']} ${dimensions['route']} ${dimensions['status_code']} ${String(value)}`,
    );
}

describe.each(ADAPTERS)('an application on AWS Lambda on %s', (adapter) => {
  describe.each(TRIGGERS)('behind %s', (_, eventOf) => {
    it('has written each request once when its response is there, by route template', async () => {
      const environment = await coldStart(adapter);
      const response = await environment.invoke(eventOf({ method: 'GET', path: '/orders/7' }));
      expect([response.statusCode, JSON.parse(response.body)]).toEqual([200, { id: '7' }]);
      expect(counted(environment)).toEqual(['GET /orders/:id 200 1']);

      const body = JSON.stringify({ sku: 'a' });
      const created = await environment.invoke(eventOf({ method: 'POST', path: '/orders', body }));
      expect([created.statusCode, JSON.parse(created.body)]).toEqual([201, { sku: 'a' }]);
      expect(counted(environment)).toEqual(['POST /orders 201 1']);

      await environment.invoke(eventOf({ method: 'GET', path: '/orders/failing' }));
      await environment.invoke(eventOf({ method: 'GET', path: '/nowhere', query: { a: '1' } }));
      expect(counted(environment)).toEqual(['GET /orders/failing 500 1', 'GET <unmatched> 404 1']);
      expect(environment.log.complaints).toEqual([]);
    });
  });

  const [, httpApi] = TRIGGERS[1];
  const request = httpApi({ method: 'GET', path: '/orders/7' });

  it('needs no timer, before, during and after the time for which it is suspended', async () => {
    useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
    const environment = await coldStart(adapter);
    const started = jest.getTimerCount();
    for (let invocation = 0; invocation < 3; invocation++) {
      await environment.invoke(request);
      expect(counted(environment)).toEqual(['GET /orders/:id 200 1']);
      // No timer has run, and none was added.
      expect(jest.getTimerCount()).toBeLessThanOrEqual(started);
      jest.setSystemTime(Date.now() + 3 * 60 * 60 * 1_000);
    }
    // The one that waits for a server to listen.
    expect(started).toBe(1);
    jest.runOnlyPendingTimers();
    jest.useRealTimers();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await environment.invoke(request);
    expect(counted(environment)).toEqual(['GET /orders/:id 200 1']);
  });

  it('has no timer and no thread once it has started', async () => {
    useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const environment = await coldStart(adapter);
    // A timer finds that the start is over.
    await eventually(() => expect(environment.app.get(StartupTimes).report()).toBeDefined());
    expect(jest.getTimerCount()).toBe(0);
    await environment.invoke(request);
    expect(jest.getTimerCount()).toBe(0);
    const names = new Set(environment.log.metrics.map(({ name }) => name));
    expect([...names].toSorted()).toEqual([
      'application_startup_seconds',
      'http_request_duration_seconds',
      'http_requests_in_progress',
      'http_requests_total',
    ]);
  });

  it('has the metrics of the process, but not of the machine, if an option asks for all', async () => {
    const environment = await coldStart(adapter, { exporters: { embeddedMetrics: { metrics: [/./] } } });
    await environment.invoke(request);
    const names = environment.log.metrics.map(({ name }) => name);
    expect(names).toContain('process_resident_memory_bytes');
    const absent = /^(system_|api_|nodejs_eventloop|postgresql_|redis_|monitoring_(history|alert))/;
    expect(names.filter((name) => absent.test(name))).toEqual([]);
  });

  it('serves no endpoint, unless an option has its path', async () => {
    const event = (path: string) => httpApi({ method: 'GET', path });
    const environment = await coldStart(adapter);
    for (const path of ['/metrics', '/health', '/ready', '/alive', '/metrics-dashboard']) {
      expect((await environment.invoke(event(path))).statusCode).toBe(404);
    }
    const serving = await coldStart(adapter, { endpoints: { health: 'health' } });
    expect((await serving.invoke(event('/health'))).statusCode).toBe(200);
    expect((await serving.invoke(event('/metrics'))).statusCode).toBe(404);
  });

  it('writes what each of several environments has counted', async () => {
    const all = await Promise.all([coldStart(adapter), coldStart(adapter)]);
    await Promise.all(
      all.flatMap((environment) => [environment.invoke(request), environment.invoke(request)]),
    );
    const sums = all.map((environment) =>
      environment.written('http_requests_total').reduce((sum, { value }) => sum + (value as number), 0),
    );
    expect(sums).toEqual([2, 2]);
  });

  it('writes with the next invocation what its log did not take', async () => {
    const environment = await coldStart(adapter);
    environment.log.mood = 'fails';
    expect((await environment.invoke(request)).statusCode).toBe(200);
    expect(counted(environment)).toEqual([]);
    environment.log.mood = 'takes';
    expect((await environment.invoke(request)).statusCode).toBe(200);
    expect(counted(environment)).toEqual(['GET /orders/:id 200 1', 'GET /orders/:id 200 1']);
  });

  it('keeps the outcome of a handler that throws', async () => {
    const error = new Error('no such event');
    const environment = await coldStart(adapter, {}, (app) => () => {
      app.get(MetricsRegistry).counter('invocations_total', 'Invocations.').inc();
      throw error;
    });
    await expect(environment.invoke(request)).rejects.toBe(error);
    expect(environment.written('invocations_total')).toMatchObject([{ value: 1 }]);
  });

  it('is measured behind another adapter', async () => {
    const environment = await coldStart(
      adapter,
      {},
      (app) => serverlessHttp(app.getHttpAdapter().getInstance()) as never,
    );
    const response = await environment.invoke(TRIGGERS[0][1]({ method: 'GET', path: '/orders/7' }));
    expect(response.statusCode).toBe(200);
    expect(counted(environment)).toEqual(['GET /orders/:id 200 1']);
  });
});
