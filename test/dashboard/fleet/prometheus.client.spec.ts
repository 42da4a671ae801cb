import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type DashboardPrometheusOptions,
  resolveDashboard,
} from '../../../lib/dashboard/dashboard.options.js';
import { PrometheusClient, type PrometheusQuery } from '../../../lib/dashboard/fleet/prometheus.client.js';
import { PrometheusError } from '../../../lib/dashboard/fleet/prometheus.error.js';
import { PrometheusDouble } from './prometheus.double.js';

const QUERY: PrometheusQuery = { promql: 'up{job="a\\"b&c"}', start: 10_000, end: 20_500, stepMs: 1_500 };
const LONG_MS = 60_000;

describe('a client of Prometheus', () => {
  let server: PrometheusDouble;
  const recorded: string[] = [];
  const closed = new AbortController();

  beforeEach(async () => {
    server = await new PrometheusDouble().start();
    recorded.length = 0;
  });
  afterEach(() => server.stop());

  const clientOf = (options: Partial<DashboardPrometheusOptions> = {}): PrometheusClient => {
    const { prometheus } = resolveDashboard({ prometheus: { url: server.url, ...options } });
    const recorder = {
      answered: () => recorded.push('answered'),
      failed: (reason: string) => recorded.push(reason),
    };
    return new PrometheusClient(prometheus!, recorder, closed.signal);
  };
  const failureOf = async (client: PrometheusClient, signal = AbortSignal.timeout(LONG_MS)) => {
    const error: unknown = await client.ask(QUERY, LONG_MS, signal).catch((reason: unknown) => reason);
    if (!(error instanceof PrometheusError)) throw new Error(`no failure: ${String(error)}`);
    return error;
  };

  it('asks at one time, or at several', async () => {
    server.answer = () => [{ metric: { job: 'a' }, valueAt: (time) => time * 2 }];
    const client = clientOf({ url: `${server.url}/prometheus/` });
    expect(await client.ask(QUERY, LONG_MS, AbortSignal.timeout(LONG_MS))).toEqual([
      {
        labels: { job: 'a' },
        times: [10, 11.5, 13, 14.5, 16, 17.5, 19, 20.5],
        values: [20, 23, 26, 29, 32, 35, 38, 41],
      },
    ]);
    const instant = { ...QUERY, stepMs: 0 };
    expect(await client.ask(instant, LONG_MS, AbortSignal.timeout(LONG_MS))).toEqual([
      { labels: { job: 'a' }, times: [20.5], values: [41] },
    ]);
    expect(server.asked.map(({ query }) => query)).toEqual([QUERY.promql, QUERY.promql]);
    expect(recorded).toEqual(['answered', 'answered']);
  });

  it.each<[string, Partial<DashboardPrometheusOptions>, Record<string, string>]>([
    ['a token', { bearerToken: 'T0ken' }, { authorization: 'Bearer T0ken' }],
    ['a user', { basicAuth: { username: 'ada', password: 'pw:1' } }, { authorization: 'Basic YWRhOnB3OjE=' }],
    ['headers', { headers: { 'X-Scope-OrgID': 'shop' } }, { 'x-scope-orgid': 'shop' }],
  ])('sends %s', async (_, options, headers) => {
    await clientOf(options).ask(QUERY, LONG_MS, AbortSignal.timeout(LONG_MS));
    expect(server.asked[0]?.headers).toMatchObject(headers);
  });

  it.each<[string, () => void, string, RegExp, boolean]>([
    [
      'an invalid query',
      () => server.troubles.push({ status: 400, body: '{"errorType":"bad_data","error":"T0ken"}' }),
      'refused',
      /responded with status 400 \(bad_data\)$/,
      true,
    ],
    [
      'a query beyond its limits',
      () => server.troubles.push({ status: 422, body: '{"errorType":"execution"}' }),
      'refused',
      /status 422 \(execution\)$/,
      true,
    ],
    [
      'wrong credentials',
      () => server.troubles.push({ status: 401, body: 'T0ken' }),
      'refused',
      /status 401, since it wants other credentials; see dashboard\.prometheus$/,
      false,
    ],
    [
      'a redirect',
      () => server.troubles.push({ status: 302, headers: { location: `${server.url}/elsewhere` } }),
      'refused',
      /status 302$/,
      false,
    ],
    [
      'an overload',
      () => server.troubles.push({ status: 503, body: 'T0ken' }),
      'failed',
      /status 503$/,
      false,
    ],
    [
      'a page of a proxy',
      () => server.troubles.push({ status: 200, body: '<html>T0ken</html>' }),
      'invalid',
      /sent no answer of Prometheus$/,
      false,
    ],
    ['a reset', () => server.troubles.push('reset'), 'unreachable', /cannot be reached \(\w+\)$/, false],
    [
      'a body that breaks off',
      () => void (server.body = 'breaks off'),
      'unreachable',
      /cannot be reached \(\w+\)$/,
      false,
    ],
    [
      'a flood',
      () => void (server.body = 'floods'),
      'too large',
      /sent more than 512 KiB for one query$/,
      true,
    ],
    [
      'a body that inflates',
      () => void (server.body = 'inflates'),
      'too large',
      /sent more than 512 KiB/,
      true,
    ],
  ])('names %s, without a secret', async (_, prepare, failure, message, isAboutQuery) => {
    prepare();
    const error = await failureOf(clientOf({ bearerToken: 'T0ken' }));
    expect([error.failure, error.isAboutQuery]).toEqual([failure, isAboutQuery]);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`Prometheus at ${new URL(server.url).host} `);
    expect(error.message).not.toContain('T0ken');
    expect(recorded).toEqual([failure]);
    expect(server.floodedBytes).toBeLessThan(64 * 1024 * 1024);
  });

  it.each<[string, () => void]>([
    ['no answer', () => server.troubles.push('hang')],
    ['a body that never ends', () => void (server.body = 'never ends')],
  ])('gives up %s at its deadline', async (_, prepare) => {
    prepare();
    const deadline = new AbortController();
    const failure = failureOf(clientOf(), deadline.signal);
    await untilHeld(server);
    deadline.abort();
    expect((await failure).failure).toBe('timeout');
  });

  it('does not keep the application from ending', async () => {
    server.troubles.push('hang');
    const end = new AbortController();
    const { prometheus } = resolveDashboard({ prometheus: { url: server.url } });
    const recorder = { answered: () => undefined, failed: () => undefined };
    const failure = failureOf(new PrometheusClient(prometheus!, recorder, end.signal));
    await untilHeld(server);
    end.abort();
    expect((await failure).failure).toBe('timeout');
  });

  it('asks a few queries at the same time, refuses too many, and answers all others', async () => {
    let open: () => void = () => undefined;
    server.gate = new Promise((resolve) => (open = resolve));
    const client = clientOf();
    const signal = AbortSignal.timeout(LONG_MS);
    const outcomes = Array.from({ length: 210 }, () =>
      client.ask(QUERY, LONG_MS, signal).then(
        () => 'answered',
        (error: PrometheusError) => error.failure,
      ),
    );
    open();
    const ended = await Promise.all(outcomes);
    expect(ended.filter((outcome) => outcome === 'answered')).toHaveLength(204);
    expect(ended.filter((outcome) => outcome === 'busy')).toHaveLength(6);
    expect(server.mostInFlight).toBeLessThanOrEqual(4);
    expect(server.asked).toHaveLength(204);
  });

  it('sends nothing whose deadline has passed while it waited', async () => {
    let open: () => void = () => undefined;
    server.gate = new Promise((resolve) => (open = resolve));
    const client = clientOf();
    const first = Array.from({ length: 4 }, () => client.ask(QUERY, LONG_MS, AbortSignal.timeout(LONG_MS)));
    const late = failureOf(client, AbortSignal.abort());
    open();
    await Promise.all(first);
    expect((await late).failure).toBe('timeout');
    expect(server.asked).toHaveLength(4);
    expect(await client.ask(QUERY, LONG_MS, AbortSignal.timeout(LONG_MS))).toEqual([]);
  });
});

/** Waits until the server holds a request back. */
async function untilHeld(server: PrometheusDouble): Promise<void> {
  while (server.held === 0) await new Promise((resolve) => setImmediate(resolve));
}
