import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from 'nestjs-monitoring';
import { parse } from 'yaml';
import { rulesAsYaml } from '../alerting/rule-states.js';
import { eventually } from '../support/eventually.js';
import { describeWith } from './support/binaries.js';
import { type AdapterName, LoadedApp } from './support/loaded-app.js';
import { storedRequests } from './support/outcomes.js';
import { PrometheusServer } from './support/prometheus.server.js';
import { CLEAN, promtoolCheckMetrics } from './support/promtool.js';
import { startScrapedRegistry } from './support/scraped-registry.js';
import { startTextFormatProxy } from './support/text-format.proxy.js';

/** On a busy machine, scrape after scrape of an application in the process of the test takes longer than a second. */
const SCRAPE_SECONDS = 3;
/** Some patience: after one that took too long, there are no values until the next. */
const POLL = { timeout: 120_000, interval: 200 };

const ADAPTERS: readonly AdapterName[] = ['express', 'fastify'];
const FORMATS = ['openmetrics', 'text'] as const;

const HOSTILE_VALUES = ['say "hi"', 'back\\slash', 'two\nlines', '\\n', 'ünïcödé 漢字 🦊', '{},=#', ' '];
const NUMBERS = [0, -1.5, 1e21, 1e-9, Number.MAX_SAFE_INTEGER, Number.MIN_VALUE, -Number.MAX_VALUE];

describeWith(['prometheus', 'promtool'], 'a real Prometheus', () => {
  const apps = new Map<AdapterName, LoadedApp>();
  const stops: (() => Promise<void>)[] = [];
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    const jobs: { job: string; url: string }[] = [];
    const addJobs = async (name: string, url: string): Promise<void> => {
      const proxy = await startTextFormatProxy(url);
      stops.unshift(() => proxy.stop());
      jobs.push(
        { job: `${name} openmetrics`, url: `${url}/metrics` },
        { job: `${name} text`, url: `${proxy.url}/metrics` },
      );
    };
    for (const adapter of ADAPTERS) {
      const app = await LoadedApp.start(adapter);
      stops.unshift(() => app.stop());
      apps.set(adapter, app);
      await addJobs(adapter, app.url);
    }
    const script = await startScrapedRegistry(registryOfAScript());
    stops.unshift(() => script.stop());
    await addJobs('script', script.url);

    prometheus = await PrometheusServer.start(jobs, ['exemplar-storage'], SCRAPE_SECONDS);
    stops.unshift(() => prometheus.stop());
    await prometheus.untilScraped();
    for (const app of apps.values()) await app.stopLoad();
  }, 60_000);

  afterAll(async () => {
    for (const stop of stops) await stop();
  });

  describe.each(ADAPTERS)('scraping an application on %s under load', (adapter) => {
    const appOf = (): LoadedApp => {
      const app = apps.get(adapter);
      if (app === undefined) throw new Error(`The application on ${adapter} has not started.`);
      return app;
    };

    describe.each(FORMATS)('in the format %s', (format) => {
      const job = `${adapter} ${format}`;

      it('stores exactly the requests that were sent, by method, route and status', async () => {
        const { sent, surprises } = appOf();
        expect(surprises).toEqual([]);
        expect(Object.keys(sent)).toHaveLength(8);
        await eventually(async () => expect(await storedRequests(prometheus, job)).toEqual(sent), POLL);
      });

      it('stores a duration for each of them', async () => {
        const total = Object.values(appOf().sent).reduce((sum, count) => sum + count, 0);
        const count = `sum(http_request_duration_seconds_count{job="${job}"})`;
        const last = `sum(http_request_duration_seconds_bucket{job="${job}",le="+Inf"})`;
        await eventually(
          async () => expect(await prometheus.query(count)).toEqual([{ labels: {}, value: total }]),
          POLL,
        );
        await eventually(
          async () => expect(await prometheus.query(last)).toEqual([{ labels: {}, value: total }]),
          POLL,
        );
      });

      it('sees nothing in progress after the last answer', async () => {
        const inProgress = `sum(http_requests_in_progress{job="${job}"})`;
        await eventually(
          async () => expect(await prometheus.query(inProgress)).toEqual([{ labels: {}, value: 0 }]),
          POLL,
        );
      });

      it('computes quantiles of the durations, by route', async () => {
        await eventually(async () => {
          const samples = await prometheus.query(
            `histogram_quantile(0.95, sum by (le, route) (http_request_duration_seconds_bucket{job="${job}"}))`,
          );
          expect(samples.map(({ labels }) => labels['route']!).toSorted()).toEqual([
            '/deals',
            '/deals/:id',
            '/deals/:id/report',
            '/deals/:id/win',
            '<unmatched>',
          ]);
          for (const { value } of samples) {
            expect(value).toBeGreaterThan(0);
            expect(value).toBeLessThan(10);
          }
        }, POLL);
      });

      it('knows types, help and units', async () => {
        const suffix = format === 'text' ? '_total' : '';
        const unit = format === 'text' ? '' : 'seconds';
        const metadata = await prometheus.metadata(job);
        expect(metadata.filter(({ help }) => help === '')).toEqual([]);
        expect(metadata.filter(({ type }) => type === 'unknown' || type === '')).toEqual([]);
        expect(typesIn(metadata)).toMatchObject({
          [`http_requests${suffix}`]: { type: 'counter', unit: '' },
          http_request_duration_seconds: { type: 'histogram', unit },
          http_requests_in_progress: { type: 'gauge', unit: '' },
          [`process_cpu_seconds${suffix}`]: { type: 'counter', unit },
          nodejs_gc_duration_seconds: { type: 'histogram', unit },
          nodejs_eventloop_lag_seconds: { type: 'gauge', unit },
          process_resident_memory_bytes: { type: 'gauge', unit: format === 'text' ? '' : 'bytes' },
        });
      });

      it('has scraped without an error from the beginning', async () => {
        await prometheus.untilScraped();
        expect(prometheus.complaints(job)).toEqual([]);
      });
    });

    it('stores the same series whichever format it reads', async () => {
      // What appears as the process goes on, such as another kind of garbage collection, is seen a scrape apart.
      await eventually(async () => {
        const inText = await seriesOf(prometheus, `${adapter} text`);
        expect(difference(inText, await seriesOf(prometheus, `${adapter} openmetrics`))).toEqual([]);
      }, POLL);
    });

    it('shows names that promtool has nothing against', async () => {
      const response = await fetch(`${appOf().url}/metrics`);
      expect(await promtoolCheckMetrics(await response.text())).toEqual(CLEAN);
    });

    it('shows no series twice', async () => {
      for (const accept of ['text/plain', 'application/openmetrics-text']) {
        const response = await fetch(`${appOf().url}/metrics`, { headers: { accept } });
        const series = (await response.text())
          .split('\n')
          .filter((line) => line !== '' && !line.startsWith('#'))
          .map((line) => line.replace(/ [^ ]+$/, ''));
        expect(series.filter((line, i) => series.indexOf(line) !== i)).toEqual([]);
        expect(series.length).toBeGreaterThan(100);
      }
    });
  });

  describe.each(FORMATS)('scraping a script without Nest in the format %s', (format) => {
    const job = `script ${format}`;

    it('reads every label value back as it was', async () => {
      await eventually(async () => {
        const samples = await prometheus.query(`script_hostile{job="${job}"}`);
        expect(samples.map(({ labels, value }) => [labels['value'], value])).toEqual(
          expect.arrayContaining(HOSTILE_VALUES.map((value, i) => [value, i])),
        );
        expect(samples).toHaveLength(HOSTILE_VALUES.length);
      }, POLL);
    });

    it('reads every number back as it was', async () => {
      await eventually(async () => {
        const samples = await prometheus.query(`script_number{job="${job}"}`);
        const numbers = new Map(samples.map(({ labels, value }) => [Number(labels['index']), value]));
        expect(NUMBERS.map((_, index) => numbers.get(index))).toEqual(NUMBERS);
      }, POLL);
    });

    it('is asked by exported rules for the labels of a metric that the target has, too', async () => {
      const yaml = rulesAsYaml({
        rules: [
          {
            name: 'backlog',
            severity: 'warning',
            condition: {
              metric: 'script_backlog',
              labels: { job: /mails|bills/ },
              groupBy: ['job', 'instance'],
              operator: '>',
              threshold: 5,
            },
          },
        ],
        series: { 'script_backlog{job="mails",instance="a"}': '0' },
        intervalMs: 1_000,
        steps: 1,
      });
      const { groups } = parse(yaml) as { groups: { rules: { expr: string }[] }[] };
      const [rule] = groups.flatMap(({ rules }) => rules);
      await eventually(async () => {
        const found = await prometheus.query(rule!.expr);
        expect(found.map(({ labels }) => [labels['exported_job'], labels['exported_instance']])).toEqual([
          ['mails', 'worker "7"'],
        ]);
      }, POLL);
    });

    it('computes a quantile as the buckets give it', async () => {
      await eventually(async () => {
        const [median] = await prometheus.query(
          `histogram_quantile(0.5, script_order_items_bucket{job="${job}"})`,
        );
        expect(median?.value).toBe(50);
        const [sum] = await prometheus.query(`script_order_items_sum{job="${job}"}`);
        expect(sum?.value).toBe(5050);
      }, POLL);
    });

    it('stores the bounds of buckets in the form of the format', async () => {
      await eventually(async () => {
        const samples = await prometheus.query(`script_order_items_bucket{job="${job}"}`);
        const bounds = samples.map(({ labels }) => labels['le']!);
        expect(bounds.toSorted()).toEqual(
          format === 'openmetrics'
            ? ['+Inf', '0.5', '1.0', '100.0', '1e+06', '50.0']
            : ['+Inf', '0.5', '1', '100', '1e+06', '50'],
        );
      }, POLL);
    });

    it('takes a counter whose name does not end in _total', async () => {
      await eventually(async () => {
        expect((await prometheus.query(`script_legacy_hits{job="${job}"}`))[0]?.value).toBe(3);
      }, POLL);
      expect(typesIn(await prometheus.metadata(job))['script_legacy_hits']?.type).toBe(
        format === 'openmetrics' ? 'unknown' : 'counter',
      );
    });
  });
});

function registryOfAScript(): MetricsRegistry {
  const registry = new MetricsRegistry({ logger: { warn: () => undefined } });
  const hostile = registry.gauge('script_hostile', 'Label "values" that have to be\nescaped, such as \\.', {
    labelNames: ['value'],
  });
  HOSTILE_VALUES.forEach((value, i) => hostile.set({ value }, i));
  const number = registry.gauge('script_number', 'Numbers from one end to the other.', {
    labelNames: ['index'],
  });
  NUMBERS.forEach((value, index) => number.set({ index }, value));
  const items = registry.histogram('script_order_items', 'Items in an order.', {
    buckets: [0.5, 1, 50, 100, 1e6],
  });
  for (let i = 1; i <= 100; i++) items.observe(i);
  const backlog = registry.gauge('script_backlog', 'Jobs that wait.', { labelNames: ['job', 'instance'] });
  backlog.set({ job: 'mails', instance: 'worker "7"' }, 9);
  backlog.set({ job: 'mails', instance: 'worker 8' }, 2);
  backlog.set({ job: 'other', instance: 'worker 9' }, 99);
  registry.counter('script_legacy_hits', 'Counted under an old name.').inc(3);
  return registry;
}

function typesIn(
  metadata: readonly { metric: string; type: string; unit: string }[],
): Record<string, { type: string; unit: string }> {
  return Object.fromEntries(metadata.map(({ metric, type, unit }) => [metric, { type, unit }]));
}

/** Every series that is stored for a job. */
async function seriesOf(prometheus: PrometheusServer, job: string): Promise<string[]> {
  const samples = await prometheus.query(`{job="${job}",__name__!~"up|scrape_.*"}`);
  return samples.map(({ labels }) => identityOf(labels));
}

/** Name and labels of a series, without those that Prometheus adds and with `le` as a number. */
function identityOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([name]) => name !== 'job' && name !== 'instance')
    .map(([name, value]) => `${name}=${JSON.stringify(name === 'le' ? Number(value) : value)}`)
    .toSorted()
    .join(',');
}

function difference(first: readonly string[], second: readonly string[]): string[] {
  return [
    ...first.filter((item) => !second.includes(item)),
    ...second.filter((item) => !first.includes(item)),
  ];
}
