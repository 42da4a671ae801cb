import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { MetricsRegistry, PrometheusExporter } from 'nestjs-monitoring';
import { JsonExporter } from 'nestjs-monitoring/exporters';
import { groupPath } from '../../lib/exporters/pushgateway/pushgateway.client.js';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { head, RawConnection } from '../e2e/fixture/http-client.js';
import { ADAPTERS, type RunningApp, startApp } from '../e2e/fixture/start-app.js';
import { parseExposition } from '../exporters/prometheus/exposition-parser.js';

/** What would be more than a value, were it not escaped. */
const HOSTILE = [
  'x"} 1\nfake_total{a="b',
  '\n# EOF\nfake_total 1\n',
  '\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
  '\\',
  '\\\\"',
  '"',
  '{}{}{}',
  '</script><script>alert(1)</script>',
  '\u2028event: overview\u2029',
  'a\u0000b',
  '# HELP fake_total Fake.',
  '\ud800',
];

describe('values that would like to be more', () => {
  it.each(['prometheus', 'openmetrics'] as const)('stay one label each in %s', async (format) => {
    const registry = new MetricsRegistry();
    const counter = registry.counter('given_total', HOSTILE.join(' '), { labelNames: ['value'] });
    for (const value of HOSTILE) counter.inc({ value });
    const text = await new PrometheusExporter(registry).generateText({ format });
    const families = parseExposition(text, format);

    const name = format === 'prometheus' ? 'given_total' : 'given';
    const values = families.get(name)?.samples.map(({ labels }) => labels['value']);
    expect(values?.toSorted()).toEqual(HOSTILE.map((value) => value.toWellFormed()).toSorted());
    expect([...families.keys()].filter((family) => family.startsWith('fake'))).toEqual([]);
  });

  it('stay one value each in JSON', async () => {
    const registry = new MetricsRegistry();
    const counter = registry.counter('given_total', 'Given.', { labelNames: ['value'] });
    for (const value of HOSTILE) counter.inc({ value });
    const { metrics } = await new JsonExporter(registry).exportAll();
    const series = JSON.parse(JSON.stringify(metrics['given_total'])) as {
      series: { labels: { value: string } }[];
    };

    expect(series.series.map(({ labels }) => labels.value).toSorted()).toEqual(
      HOSTILE.map((value) => value.toWellFormed()).toSorted(),
    );
  });

  it('stay one part of the path of a Pushgateway', () => {
    for (const value of [
      ...HOSTILE.filter((text) => text.isWellFormed()),
      '../../admin',
      'a/b',
      '..',
      '?x=1',
      '#x',
    ]) {
      const path = groupPath({ job: 'test', given: value });
      const { pathname, search, hash } = new URL(`http://127.0.0.1${path}`);
      expect([value, pathname, search, hash]).toEqual([value, path, '', '']);
      expect(path.split('/')).toHaveLength(5);
      expect(path).not.toMatch(/[\r\n]/);
    }
  });
});

@Controller()
class OddlyRoutedController {
  @Get(['quoted"route', 'back\\slash', 'a{b}c', 'line%0Abreak'].map((path) => encodeURI(path)))
  odd(): string {
    return 'odd';
  }
}

/** The headers that we answer with, and all that can be in them. */
const HEADERS: Readonly<Record<string, RegExp>> = {
  'cache-control': /^no-(store|cache)$/,
  'content-type': /^[a-z/.+-]+(; version=[\d.]+)?(; charset=utf-8)?$/,
  'content-length': /^\d+$/,
  'content-encoding': /^gzip$/,
  'content-security-policy': /^[\w\s;'-]+$/,
  'referrer-policy': /^no-referrer$/,
  'x-content-type-options': /^nosniff$/,
  'x-monitoring-instance': /^[!-~]+:\d+:\d+$/,
  'x-monitoring-source': /^(fleet|process)$/,
  'x-powered-by': /^Express$/,
  'www-authenticate': /^Bearer realm="monitoring"$/,
  'retry-after': /^\d+$/,
  vary: /^[a-z, -]+$/,
  date: /^[\w ,:]+$/,
  connection: /^(close|keep-alive)$/,
  'keep-alive': /^timeout=\d+$/,
  'transfer-encoding': /^chunked$/,
  etag: /^W?\/?"[\w/+-]+"$/,
};

describe.each(ADAPTERS)('answers on %s', (adapter) => {
  let app: RunningApp | undefined;

  afterEach(() => app?.close());

  it('have no header that a request could write, and end where they say', async () => {
    app = await startApp(
      adapter,
      FixtureModule.with({ ...WITHOUT_COLLECTORS, endpoints: { auth: { bearerToken: 'T0ken' } } }),
    );
    const injected = 'x%0d%0aset-cookie:%20a=1%0d%0a%0d%0aHTTP/1.1%20200%20OK';
    const paths = [
      'metrics',
      'metrics-dashboard',
      'metrics-dashboard/dashboard.js',
      'health',
      'metrics-dashboard/api/metric',
      'metrics-dashboard/api/view',
    ];
    for (const path of paths) {
      for (const headers of [
        {},
        { authorization: 'Bearer T0ken' },
        { authorization: `Bearer ${injected}` },
      ]) {
        const connection = new RawConnection(app.port);
        connection.send(
          head('GET', `/${path}?name[]=${injected}&name=${injected}&range=1000`, {
            accept: `text/html, ${injected}`,
            'accept-encoding': `gzip, ${injected}`,
            'x-forwarded-host': injected,
            connection: 'close',
            ...headers,
          }),
        );
        await connection.closed;
        const end = connection.received.indexOf('\r\n\r\n');
        const [, ...lines] = connection.received.slice(0, end).split('\r\n');
        for (const line of lines) {
          const [, name = '', value = ''] = /^([^:]+): (.*)$/.exec(line) ?? [];
          expect([path, name, HEADERS[name.toLowerCase()]?.test(value)]).toEqual([path, name, true]);
        }
        const length = lines.find((line) => /^content-length/i.test(line))?.split(': ')[1];
        expect(connection.received.length - end - 4).toBe(Number(length));
      }
    }
  });

  it('show routes as they are, escaped', async () => {
    app = await startApp(
      adapter,
      FixtureModule.with({ ...WITHOUT_COLLECTORS }, { controllers: [OddlyRoutedController] }),
    );
    for (const path of ['quoted%22route', 'x%22%7D%201%0Afake_total%201', 'a%0Ab']) await app.get(`/${path}`);
    await app.recorded(3);
    const { body } = await app.get('/metrics');
    const openMetrics = await app.get('/metrics', { headers: { accept: 'application/openmetrics-text' } });

    expect([...parseExposition(body, 'prometheus').keys()]).not.toContain('fake_total');
    expect(() => parseExposition(openMetrics.body, 'openmetrics')).not.toThrow();
  });
});
