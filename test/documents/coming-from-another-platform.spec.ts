import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as alerting from 'nestjs-monitoring/alerting';
import * as exporters from 'nestjs-monitoring/exporters';
import * as grafana from 'nestjs-monitoring/grafana';
import * as main from 'nestjs-monitoring';
import ts from 'typescript';
import { ROOT, textOf } from './documents.js';

/** The tests behind each line of the page: a file of test/, and the titles of tests in it. */
const TESTS: Readonly<Record<string, readonly [file: string, ...titles: string[]]>> = {
  'a registry, imported from a module': [
    'metrics/registry.spec.ts',
    'lists its metrics in the order of their creation and finds them by name',
  ],
  'a counter with labels, `inc()`': ['metrics/counter.spec.ts', 'increments by one or by a given value'],
  'a gauge, `set()`, `inc()`, `dec()`': [
    'metrics/gauge.spec.ts',
    'can be set, incremented and decremented, also below zero',
  ],
  'a histogram with buckets, `observe()`': [
    'metrics/histogram.spec.ts',
    'counts a value in every bucket up to whose bound it lies',
  ],
  'a timer around a block, `with timer.time()`': [
    'metrics/timer.spec.ts',
    'returns the result of a function and records its duration',
  ],
  'a timer as a decorator of a function': [
    'instrumentation/decorators/examples.spec.ts',
    'measure an order service',
  ],
  'to get a metric or to create it, wherever it is needed': [
    'metrics/registry.spec.ts',
    'returns the same instrument for the same definition',
  ],
  'a switch for all metrics': ['metrics/disabled-metrics.spec.ts', 'returns instruments that record nothing'],
  'authentication of the metrics endpoint': [
    'security/auth.long.spec.ts',
    'is either closed or known to be open',
  ],
  'a threshold for slow requests': [
    'instrumentation/http/timing.spec.ts',
    'counts as slow above the threshold, not at the threshold',
  ],
  'middleware that counts and times requests': [
    'services/prometheus.spec.ts',
    'stores exactly the requests that were sent, by method, route and status',
  ],
  'middleware that adds the time to the response': [
    'e2e/server-timing.spec.ts',
    'has the time by part and in total',
  ],
  'middleware that tracks errors': [
    'instrumentation/errors/server-errors.long.spec.ts',
    'of middleware count under the route of the middleware',
  ],
  'limits for CPU, memory, disk, response time, error rate and cache hit rate': [
    'alerting/thresholds.spec.ts',
    'raise an alert for each vital beyond its limit',
  ],
  'URLs for metrics, health, readiness, liveness and a dashboard': [
    'e2e/endpoints.long.spec.ts',
    'are outside the global prefix, and only there',
  ],
  'other URLs': ['e2e/endpoints.long.spec.ts', 'move where the options say'],
  'URLs with a slash at their end': [
    'e2e/router-options.long.spec.ts',
    '%s, are reached with and without a slash at the end',
  ],
  'a decorator for time, calls and errors of a function, with labels': [
    'instrumentation/decorators/examples.spec.ts',
    'measure a task and an endpoint',
  ],
  'a decorator for a timer, a counter and a gauge of the result': [
    'instrumentation/decorators/examples.spec.ts',
    'measure an order service',
  ],
  'a decorator for errors with labels, which may be raised again or not': [
    'instrumentation/decorators/returns.spec.ts',
    'is counted by @TrackErrors() if it fails',
    'is swallowed by @TrackErrors({ reraise: false }) if it fails',
  ],
  'a context that increments, observes and sets gauges': [
    'instrumentation/context/metrics-context.spec.ts',
    'measures a job and records the metrics of the job',
  ],
  'a decorator for the operations of a model': [
    'instrumentation/decorators/returns.spec.ts',
    'is measured by @MonitorModelOperation()',
  ],
  'a task of a queue': ['services/bullmq.spec.ts', 'tell what is in progress here, and how many jobs wait'],
  'a job at night': [
    'instrumentation/jobs/scheduled-jobs.spec.ts',
    'is counted and timed by job, type and outcome',
  ],
  'a view of an API': [
    'instrumentation/decorators/over-http.spec.ts',
    'responds like an undecorated one, and is measured',
  ],
  'CPU usage in percent': [
    'collectors/system/system.collectors.spec.ts',
    'is the share of non-idle time since the last reading',
  ],
  'memory in bytes and in percent': [
    'collectors/system/system.collectors.spec.ts',
    'shows the memory usage of free, unless a container has a limit',
  ],
  'disk usage in percent': ['collectors/system/system.collectors.spec.ts', 'shows the disk usage of df'],
  'bytes a second over the network': [
    'collectors/system/system.collectors.spec.ts',
    'is counted by interface, with a rate over all interfaces',
  ],
  'bytes a second from and to disks': [
    'collectors/system/system.collectors.spec.ts',
    'is counted by device, with a rate over all devices',
  ],
  'numbers of processes and threads': [
    'collectors/system/system.collectors.spec.ts',
    'counts the processes and threads of ps',
  ],
  'number and time of queries': [
    'collectors/database/typeorm.spec.ts',
    'are counted by operation and table, with their transactions, and without parameter values',
  ],
  'active connections': [
    'services/postgresql-statistics.spec.ts',
    'is what is shown of connections and locks',
  ],
  transactions: [
    'collectors/database/typeorm.spec.ts',
    'are counted by operation and table, with their transactions, and without parameter values',
  ],
  'inserts, updates and deletes by table': [
    'services/postgresql-statistics.spec.ts',
    'is what is shown, table by table, and the rest as one',
  ],
  'size of the database': ['services/postgresql-statistics.spec.ts', 'is what is shown of the database'],
  'cache hits and misses': ['collectors/cache/cache.spec.ts', 'is counted per key, whatever the method'],
  'cache hit rate': ['query/api-statistics.spec.ts', 'are computed from the metrics in the window'],
  'writes and deletions of a cache': [
    'collectors/cache/cache.spec.ts',
    'is counted per key, whatever the method',
  ],
  evictions: [
    'collectors/cache/cache-evictions.spec.ts',
    'are counted in @nestjs/cache-manager over %s',
    'are counted under the names of the places in which the application keeps its caches',
  ],
  'requests by method, endpoint and status': [
    'services/prometheus.spec.ts',
    'stores exactly the requests that were sent, by method, route and status',
  ],
  'duration of requests, with percentiles': [
    'query/api-statistics.spec.ts',
    'have the rates, errors and percentiles of each endpoint',
  ],
  'active requests': [
    'e2e/request-matrix.long.spec.ts',
    'show a request in progress for as long as it is answered',
  ],
  'error rate by endpoint': [
    'query/api-statistics.spec.ts',
    'have the rates, errors and percentiles of each endpoint',
  ],
  'total and active users': ['business/business-metrics.spec.ts', 'are counted per window'],
  'counts of entities': [
    'business/business-metrics.spec.ts',
    'shows the count of a TypeORM repository, and is left out while there is none',
  ],
  revenue: ['business/business-metrics.spec.ts', 'is summed by currency, and as OTHER for an invalid code'],
  'KPIs of your own': [
    'business/business-metrics.spec.ts',
    'removes the series of label sets that are no longer returned',
  ],
  'a collector of your own': [
    'business/metrics-collector.spec.ts',
    'runs at its interval, listed in SchedulerRegistry, until the application ends',
  ],
  'the text format of Prometheus, as a string': [
    'exporters/prometheus/prometheus.exporter.spec.ts',
    'example: renders the metrics of a registry after running its collectors',
  ],
  'a file of JSON': [
    'exporters/json/json.exporter.spec.ts',
    'has the document that exportAll() returns, without a temporary file beside it',
  ],
  'CloudWatch, with namespace and region': [
    'exporters/cloudwatch/cloudwatch.destination.spec.ts',
    'delivers every datum as it was encoded',
  ],
  'Datadog, with API key and application key': [
    'exporters/datadog/datadog.destination.long.spec.ts',
    'stops on an invalid API key without showing it',
  ],
  'to run all health checks': ['health/health.monitor.spec.ts', 'runs the checks concurrently'],
  'healthy, degraded, unhealthy, critical': [
    'health/health.monitor.spec.ts',
    'has the status of the worst check',
  ],
  'a status, a time, and checks with message and details': [
    'health/health.monitor.spec.ts',
    'has the status, message and details of each check',
  ],
  'checks of database, cache and disk': [
    'services/health-outage.spec.ts',
    'is found to be well with what it has, without being told what that is',
  ],
  'readiness and liveness probes of Kubernetes': [
    'health/probes.long.spec.ts',
    'fail liveness only for checks of the process',
  ],
  'a monitor that is started': [
    'alerting/alerting.module.long.spec.ts',
    'raises a warning and then a critical alert of a vital, by thresholds that can be reassigned',
  ],
  'its status, with metrics and alerts': [
    'alerting/alerting.module.long.spec.ts',
    'raises a warning and then a critical alert of a vital, by thresholds that can be reassigned',
  ],
  'thresholds that change while it runs': [
    'alerting/alerting.module.long.spec.ts',
    'raises a warning and then a critical alert of a vital, by thresholds that can be reassigned',
  ],
  'an alert rule with metric, operator, threshold, severity and message': [
    'alerting/alerting.monitor.spec.ts',
    'fires in the evaluation that finds it if forMs is 0',
  ],
  severities: ['alerting/handlers.spec.ts', 'logs each alert at the level of its severity'],
  'a function that handles alerts': [
    'alerting/notifications.spec.ts',
    'is notified when an alert fires, at each repeat interval while it fires, and when it is resolved',
  ],
  'an e-mail for each alert': [
    'alerting/handlers.spec.ts',
    'reaches a real SMTP server, and retries when the server is busy',
  ],
  'a scrape configuration': [
    'services/prometheus.spec.ts',
    'has scraped without an error from the beginning',
  ],
  'dashboards for system, application and business': [
    'services/grafana.spec.ts',
    'draw data by every query of every panel',
  ],
  'a dashboard for development': ['e2e/dashboard.long.spec.ts', 'has no inline script or style'],
  'lower case, underscores, units and `_total` in names': [
    'metrics/registry.spec.ts',
    'proposes %s once for %s',
  ],
  'few values of each label': [
    'metrics/metric.spec.ts',
    'bounds the series under random label values, keeps the total exact and warns once',
  ],
  'the same label names everywhere': [
    'metrics/metric.spec.ts',
    'that are %s are refused and counted in every way of recording',
  ],
  'no label for each user': ['business/business-metrics.spec.ts', 'are counted per window'],
  'less than one percent of overhead': [
    'bench/http/bench-http.ts',
    'CPU time per request over a bare Nest app',
  ],
  'sampling of frequent operations': [
    'instrumentation/decorators/hostile.spec.ts',
    'rate of %d times that fraction of the calls, and every call is counted',
  ],
  'updates in batches': ['metrics/counter.spec.ts', 'increments by one or by a given value'],
  'to count the metrics': [
    'metrics/registry.spec.ts',
    'lists its metrics in the order of their creation and finds them by name',
  ],
  'to reset all metrics': ['metrics/registry.spec.ts', 'resets every metric, its own included'],
  'metrics that are missing': ['module/start-report.spec.ts', 'says %s'],
  'collectors that run, and without exceptions': [
    'business/metrics-collector.spec.ts',
    'loses only its own gauges when it fails',
  ],
  'to collect less often': [
    'collectors/running-collectors.spec.ts',
    'runs when the application serves and then at its interval, not at a scrape',
  ],
  'to turn collectors off': ['collectors/collectors.options.spec.ts', 'disable all collectors'],
  'buckets that fit': [
    'module/monitoring.options.spec.ts',
    'http.buckets and http.slowRequestThresholdMs are those of the request metrics',
  ],
  'what to watch: response time, errors, resources, business': [
    'alerting/thresholds.spec.ts',
    'raise an alert for each vital beyond its limit',
  ],
};

interface Line {
  readonly there: string;
  /** The names between backquotes in the second cell. */
  readonly names: readonly string[];
}

const LINES: readonly Line[] = textOf('docs/coming-from-another-platform.md')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split(' | '))
  .map(([there = '', here = '']) => ({
    there: there.replace('| ', '').trim(),
    names: [...here.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  }))
  .filter(({ there }) => there !== 'there' && !there.startsWith('-'));

const NAMES: ReadonlyMap<string, unknown> = new Map(
  [main, exporters, alerting, grafana].flatMap((door) => Object.entries(door)),
);
const doors = ['index', 'exporters', 'alerting'].map((door) =>
  readFileSync(join(ROOT, `lib/${door}.ts`), 'utf8'),
);
const options = textOf('docs/options.md');
const health = textOf('docs/health-and-kubernetes.md') + textOf('docs/getting-started.md');

/** Returns true if a class has a method or an accessor, or an exported interface is one of its name. */
function isExported(className: string, member: string | undefined): boolean {
  const exported = NAMES.get(className) as { readonly prototype: object } | undefined;
  if (exported === undefined)
    return member === undefined && doors.some((door) => new RegExp(`\\b${className}\\b`).test(door));
  return member === undefined || member in exported.prototype;
}

/** Returns true if the tables of the options have a path such as `http.buckets`. */
function isOption(path: string): boolean {
  const [name = '', ...before] = path.split('.').toReversed();
  const section = before.length === 0 ? 'Top level' : before.toReversed().join('.');
  const start = options.indexOf(`\n## ${section}\n`);
  const end = options.indexOf('\n## ', start + 1);
  return start >= 0 && options.slice(start, end < 0 ? undefined : end).includes(`\n| \`${name}\``);
}

/** The name of the function that is called, as in `it`, `it.skip`, and `it.each(…)` without its arguments. */
function callerOf({ expression }: ts.CallExpression): string {
  const callee = ts.isCallExpression(expression) ? expression.expression : expression;
  return callee.getText();
}

/** Returns the titles of the tests of a file that run, not those of its groups. */
function titlesIn(source: string): string[] {
  const titles: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const caller = callerOf(node);
      if (/^(?:it|describe)\.(?:skip|todo)\b/.test(caller)) return;
      const [title] = node.arguments;
      if (/^it(?:\.each)?$/.test(caller) && title !== undefined && ts.isStringLiteralLike(title))
        titles.push(title.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('a.spec.ts', source, ts.ScriptTarget.Latest, true));
  return titles;
}

/** What a name is, by its form, and so where it has to be. */
function exists(name: string): boolean {
  const [, decorator] = /^@(\w+)\(\)$/.exec(name) ?? [];
  if (decorator !== undefined) return NAMES.has(decorator);
  const [, className = '', member] = /^([A-Z]\w+)(?:\.(\w+)(?:\(\))?)?$/.exec(name) ?? [];
  if (className !== '') return isExported(className, member);
  if (name.startsWith('/')) return health.includes(name);
  if (name.includes('/')) return name.startsWith('@') || existsSync(join(ROOT, name));
  if (/^\w+\(.*\)$/.test(name)) return NAMES.has(name.replace(/\(.*/, '')) || /^(inc|labels)\(/.test(name);
  // The names of metrics and of thresholds are held against the sources by metric-names.spec.ts.
  return (
    name.includes('_') ||
    isOption(name) ||
    options.includes(`| \`${name}\``) ||
    /^(info|warning|critical)$/.test(name)
  );
}

describe('the counterparts for those who come from another platform', () => {
  it('have a test each', () => {
    expect(LINES.map(({ there }) => there)).toEqual(Object.keys(TESTS));
  });

  it.each(Object.entries(TESTS))('%s: the tests are there', (_, [file, ...titles]) => {
    const source = readFileSync(join(ROOT, 'test', file), 'utf8');
    // What is measured rather than tested is in test/bench.
    const isThere = (title: string) =>
      file.startsWith('bench/') ? source.includes(title) : titlesIn(source).includes(title);
    expect(titles.filter((title) => !isThere(title))).toEqual([]);
  });

  it.each(LINES)('$there: what is named exists', ({ names }) => {
    expect(names.filter((name) => !exists(name))).toEqual([]);
  });

  it('have no test that does not run, and none that is only like one', () => {
    const source = `
      // What it (the first one) counts it.
      run('helped', () => undefined);
      it('one', () => undefined);
      it.each([[1, (a) => a]])('each %s', async () => undefined);
      it.skip('skipped', () => undefined);
      it.skip.each([1])('each skipped', () => undefined);
      it.todo('to do');
      describe('group', () => it(\`two\`, () => undefined));
      describe.skip('skipped group', () => it('three', () => undefined));
      const text = "it('quoted', () => undefined)";`;
    expect(titlesIn(source)).toEqual(['one', 'each %s', 'two']);
  });

  it('would be missed if they were not there', () => {
    const others = [
      'MetricsRegistry.summary()',
      '@Watch()',
      'Sparkline',
      'http.threshold',
      '/live',
      'sample-app/none/',
    ];
    expect(others.filter(exists)).toEqual([]);
  });
});
