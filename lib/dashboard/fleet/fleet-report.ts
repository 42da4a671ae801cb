import { HTTP_METRICS, PROCESS_METRICS } from '../../metrics/metric-names.js';
import type { Selection } from '../../query/expression.js';
import { durationOf, promqlOf } from '../../query/promql.js';
import { VITAL_NAMES, type VitalName, VITALS } from '../../query/vital-definitions.js';
import { rounded } from '../rounding.js';
import type { FleetAnswer } from './fleet-history.js';
import { type FleetQuestion, type FleetScope, promqlOfQuestion, selectorInScope } from './fleet-question.js';
import {
  FIGURE_NAMES,
  type FigureName,
  type InstanceFigures,
  MIN_INSTANCES,
  type Outlier,
  outliersOf,
  timesOf,
} from './outliers.js';
import type { PrometheusSeries } from './prometheus-answer.js';
import type { PrometheusQuery } from './prometheus.client.js';

/** An instance of the application, as Prometheus knows it. */
export interface FleetInstance {
  readonly name: string;
  readonly job: string;
  /** False if the last scrape failed. */
  readonly isUp: boolean;
  /** True for the process that answers. */
  readonly isThis: boolean;
  /** Start of the process, in milliseconds since the Unix epoch; undefined while it is down. */
  readonly startedAt?: number;
  readonly version?: string;
  readonly revision?: string;
  readonly nodeVersion?: string;
  readonly figures: InstanceFigures;
  /** Words about figures that are much higher than those of most instances, such as "p99 4×". */
  readonly outliers: readonly string[];
}

/** A version of the application, and the instances that have it. */
export interface FleetVersion {
  readonly version: string;
  readonly revision?: string;
  readonly instances: readonly string[];
}

/** A route that is much slower on one instance than on most. */
export interface RouteOutlier {
  readonly instance: string;
  readonly method: string;
  readonly route: string;
  readonly p99Seconds: number;
  /** Words such as "p99 4×". */
  readonly text: string;
}

/** All instances of the application. */
export interface FleetReport {
  /** Time of the figures, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** Window of the figures, in milliseconds. */
  readonly windowMs: number;
  /** The instances that are down first, then by name. */
  readonly instances: readonly FleetInstance[];
  /** Number of instances that are left out. */
  readonly omitted: number;
  /** Versions with their instances, the most frequent first. */
  readonly versions: readonly FleetVersion[];
  /** Figures that are much higher than those of most instances, the farthest from the median first. */
  readonly outliers: readonly Outlier[];
  readonly routes: readonly RouteOutlier[];
  /** Vitals over all instances. */
  readonly vitals: Readonly<Partial<Record<VitalName, number>>>;
}

type Ask = (query: PrometheusQuery) => Promise<FleetAnswer>;

const JOB = 'job';
const EVENT_LOOP_LAG = 'nodejs_eventloop_lag_p99_seconds';
/** An instance that was scraped within this time and no longer answers is down; after it, it is gone. */
const KNOWN_MS = 3_600_000;
const MAX_INSTANCES = 200;
/** The fewest requests of a route on an instance that say something. */
const MIN_REQUESTS = 20;
const ROUTE_RATIO = 2;
const MAX_ROUTES = 10;
const MIN_WINDOW_MS = 60_000;
const Q99 = 0.99;

/**
 * Reads the instances of the application, and compares them.
 *
 * @param at time of the figures, and `startedAt` of this process, in milliseconds since the Unix epoch
 */
export async function readFleet(
  ask: Ask,
  scope: FleetScope,
  { at, rangeMs, startedAt }: { readonly at: number; readonly rangeMs: number; readonly startedAt: number },
): Promise<FleetReport> {
  const windowMs = Math.max(MIN_WINDOW_MS, rangeMs);
  const queries = new FleetQueries(scope, windowMs);
  const one = async (promql: string): Promise<readonly PrometheusSeries[]> =>
    (await ask({ promql, start: at, end: at, stepMs: 0 })).series;
  const [started, states, builds, runtimes, routes, ratios, figures, vitals] = await Promise.all([
    one(queries.started),
    one(queries.states),
    one(queries.infos('application_build_info')),
    one(queries.infos('monitoring_build_info')),
    one(queries.slowRoutes),
    one(queries.slowRouteRatios),
    Promise.all(FIGURE_NAMES.map(async (name) => [name, await one(queries.figure(name))] as const)),
    Promise.all(
      VITAL_NAMES.map(async (name) => [name, (await one(queries.vital(name)))[0]?.values[0]] as const),
    ),
  ]);
  const known = new InstanceTable(scope.instanceLabel, startedAt);
  known.add(started, states);
  known.describe(builds, runtimes);
  const figuresOf = figuresByInstance(figures, scope.instanceLabel);
  const outliers = outliersOf(figuresOf).map(roundedOutlier);
  const instances = known.instances(figuresOf, outliers);
  return {
    at,
    windowMs,
    instances: instances.slice(0, MAX_INSTANCES),
    omitted: Math.max(0, instances.length - MAX_INSTANCES),
    versions: versionsOf(instances),
    outliers,
    routes: routeOutliers(routes, ratios, scope),
    vitals: Object.fromEntries(
      vitals.flatMap(([name, value]) =>
        value === undefined || !Number.isFinite(value) ? [] : [[name, rounded(value)]],
      ),
    ),
  };
}

/** The queries of the report. */
class FleetQueries {
  private readonly byInstance: readonly string[];

  constructor(
    private readonly scope: FleetScope,
    private readonly windowMs: number,
  ) {
    this.byInstance = [JOB, scope.instanceLabel];
  }

  /** The start of each process that was scraped last. */
  get started(): string {
    return this.selector(PROCESS_METRICS.startTime);
  }

  /** The outcome of the last scrape of each instance that was scraped lately. */
  get states(): string {
    const lately = `last_over_time(${this.started}[${durationOf(KNOWN_MS)}])`;
    return `up and on (${this.byInstance.join(', ')}) ${lately}`;
  }

  infos(metric: string): string {
    return this.selector(metric);
  }

  vital(name: VitalName): string {
    const { names, matchers } = this.scope;
    return promqlOf(names.translate(VITALS[name]), matchers);
  }

  figure(name: FigureName): string {
    const requests = HTTP_METRICS.requests;
    switch (name) {
      case 'requestsPerSecond':
        return this.question({ metric: requests, type: 'counter', statistic: 'rate' });
      case 'errorPercent': {
        const all = this.question({ metric: requests, type: 'counter', statistic: 'rate' });
        const labels = { status_code: /5../ };
        const failed = this.question({ metric: requests, type: 'counter', statistic: 'rate', labels });
        return `100 * (${failed} or 0 * ${all}) / ${all}`;
      }
      case 'p99Seconds':
        return this.question({
          metric: HTTP_METRICS.duration,
          type: 'histogram',
          statistic: { quantile: Q99 },
        });
      case 'cpuPercent':
        return `100 * ${this.question({ metric: PROCESS_METRICS.cpu, type: 'counter', statistic: 'rate' })}`;
      case 'memoryBytes':
        return this.question({ metric: PROCESS_METRICS.residentMemory, type: 'gauge', statistic: 'value' });
      default:
        return this.question({ metric: EVENT_LOOP_LAG, type: 'gauge', statistic: 'value' });
    }
  }

  /** The p99 of each route on each instance where it is much higher than on most. */
  get slowRoutes(): string {
    const by = ['method', 'route', ...this.byInstance].map(this.label);
    return `${this.routeP99} and on (${by.join(', ')}) ${this.slowRouteRatios}`;
  }

  /** Their p99 as a multiple of the median. */
  get slowRouteRatios(): string {
    const route = ['method', 'route'].map(this.label).join(', ');
    const by = ['method', 'route', ...this.byInstance];
    const count = this.question({
      metric: HTTP_METRICS.duration,
      type: 'histogram',
      statistic: 'increase',
      groupBy: by,
    });
    const busy = `(${this.routeP99} and ${count} >= ${MIN_REQUESTS})`;
    const isCompared = `count by (${route}) ${busy} >= ${MIN_INSTANCES}`;
    const median = `(quantile by (${route}) (0.5, ${busy}) and ${isCompared})`;
    return `topk(${MAX_ROUTES}, ${busy} / on (${route}) group_left () ${median} >= ${ROUTE_RATIO})`;
  }

  private get routeP99(): string {
    const groupBy = ['method', 'route', ...this.byInstance];
    return this.question({
      metric: HTTP_METRICS.duration,
      type: 'histogram',
      statistic: { quantile: Q99 },
      groupBy,
    });
  }

  /** Returns what one of our labels of requests is called in Prometheus. */
  private readonly label = (name: string): string =>
    this.scope.names.renamesOf([HTTP_METRICS.duration]).get(name) ?? name;

  private get base(): Pick<FleetQuestion, 'labels' | 'groupBy' | 'aggregate' | 'windowMs'> {
    return { labels: {}, groupBy: this.byInstance, aggregate: undefined, windowMs: this.windowMs };
  }

  private question(
    question: Pick<FleetQuestion, 'metric' | 'type' | 'statistic'> & Partial<FleetQuestion>,
  ): string {
    return promqlOfQuestion({ ...this.base, ...question }, this.scope);
  }

  private selector(metric: string, labels: Selection['labels'] = {}): string {
    return selectorInScope({ metric, labels }, this.scope);
  }
}

type Description = Pick<FleetInstance, 'version' | 'revision' | 'nodeVersion'>;

/** The instances by name. */
class InstanceTable {
  private readonly rows = new Map<string, Omit<FleetInstance, 'figures' | 'outliers'>>();

  constructor(
    private readonly instanceLabel: string,
    private readonly startedAt: number,
  ) {}

  /** Adds the instances that were scraped last, and those whose last scrape failed. */
  add(started: readonly PrometheusSeries[], states: readonly PrometheusSeries[]): void {
    for (const { labels, values } of states) {
      if (values[0] === 0) this.rows.set(this.nameOf(labels), { ...this.rowOf(labels), isUp: false });
    }
    for (const { labels, values } of started) {
      const row = this.rowOf(labels);
      const startedAt = Math.round((values[0] ?? NaN) * 1000);
      const isThis = Math.abs(startedAt - this.startedAt) <= 1;
      // A sample stays the last one for five minutes if the next scrape does not say that it is gone.
      const isUp = this.rows.get(row.name)?.isUp ?? true;
      this.rows.set(row.name, { ...row, isUp, isThis, startedAt });
    }
  }

  describe(builds: readonly PrometheusSeries[], runtimes: readonly PrometheusSeries[]): void {
    for (const { labels } of builds) {
      this.extend(labels, {
        ...(labels['version'] && { version: labels['version'] }),
        ...(labels['revision'] && { revision: labels['revision'] }),
      });
    }
    for (const { labels } of runtimes) {
      this.extend(labels, labels['node_version'] ? { nodeVersion: labels['node_version'] } : {});
    }
  }

  instances(figures: ReadonlyMap<string, InstanceFigures>, outliers: readonly Outlier[]): FleetInstance[] {
    return Array.from(this.rows.values(), (row) => ({
      ...row,
      figures: figures.get(row.name) ?? {},
      outliers: outliers.filter(({ instance }) => instance === row.name).map(({ text }) => text),
    })).toSorted(
      (a, b) => Number(a.isUp) - Number(b.isUp) || a.name.localeCompare(b.name, 'en', { numeric: true }),
    );
  }

  private extend(labels: Readonly<Record<string, string>>, description: Description): void {
    const name = this.nameOf(labels);
    const row = this.rows.get(name);
    if (row !== undefined) this.rows.set(name, { ...row, ...description });
  }

  private rowOf(
    labels: Readonly<Record<string, string>>,
  ): Omit<FleetInstance, 'figures' | 'outliers' | 'isUp'> {
    return { name: this.nameOf(labels), job: labels[JOB] ?? '', isThis: false };
  }

  private nameOf(labels: Readonly<Record<string, string>>): string {
    return labels[this.instanceLabel] ?? '';
  }
}

function figuresByInstance(
  answers: readonly (readonly [FigureName, readonly PrometheusSeries[]])[],
  instanceLabel: string,
): Map<string, InstanceFigures> {
  const figures = new Map<string, Partial<Record<FigureName, number>>>();
  for (const [name, series] of answers) {
    for (const { labels, values } of series) {
      const [value = NaN] = values;
      if (!Number.isFinite(value)) continue;
      const instance = labels[instanceLabel] ?? '';
      figures.set(instance, { ...figures.get(instance), [name]: rounded(value) });
    }
  }
  return figures;
}

function versionsOf(instances: readonly FleetInstance[]): FleetVersion[] {
  const versions = new Map<string, FleetVersion & { instances: string[] }>();
  for (const { name, version, revision, isUp } of instances) {
    if (!isUp || version === undefined) continue;
    const key = JSON.stringify([version, revision]);
    const known = versions.get(key);
    if (known === undefined) versions.set(key, { version, ...(revision && { revision }), instances: [name] });
    else known.instances.push(name);
  }
  return [...versions.values()].toSorted((a, b) => b.instances.length - a.instances.length);
}

function routeOutliers(
  routes: readonly PrometheusSeries[],
  ratios: readonly PrometheusSeries[],
  { names, instanceLabel }: FleetScope,
): RouteOutlier[] {
  const renames = names.renamesOf([HTTP_METRICS.duration]);
  const valueOf = ({ labels }: PrometheusSeries, name: string): string =>
    labels[renames.get(name) ?? name] ?? '';
  const keyOf = (series: PrometheusSeries): string =>
    JSON.stringify([
      ...['method', 'route'].map((name) => valueOf(series, name)),
      series.labels[instanceLabel],
    ]);
  const p99s = new Map(routes.map((series) => [keyOf(series), series.values[0]]));
  return ratios
    .flatMap((series) => {
      const p99Seconds = p99s.get(keyOf(series));
      const [ratio = NaN] = series.values;
      if (p99Seconds === undefined || !Number.isFinite(ratio)) return [];
      const outlier = {
        instance: series.labels[instanceLabel] ?? '',
        method: valueOf(series, 'method'),
        route: valueOf(series, 'route'),
        p99Seconds: rounded(p99Seconds),
        text: `p99 ${timesOf(ratio, 1)}`,
      };
      return [{ ratio, outlier }];
    })
    .toSorted((a, b) => b.ratio - a.ratio)
    .map(({ outlier }) => outlier);
}

function roundedOutlier(outlier: Outlier): Outlier {
  return { ...outlier, value: rounded(outlier.value), median: rounded(outlier.median) };
}
