import { HTTP_METRICS, PROCESS_METRICS } from '../../metrics/metric-names.js';
import type { Selection } from '../../query/expression.js';
import { durationOf, promqlOf } from '../../query/promql.js';
import { type VitalName, VITALS } from '../../query/vital-definitions.js';
import { type FleetQuestion, type FleetScope, promqlOfQuestion, selectorInScope } from './fleet-question.js';
import { type FigureName, MIN_INSTANCES } from './outliers.js';

/** The label of the application in Prometheus. */
export const JOB = 'job';
const EVENT_LOOP_LAG = 'nodejs_eventloop_lag_p99_seconds';
/** An instance that was scraped within this time and no longer answers is down; after it, it is gone. */
const KNOWN_MS = 3_600_000;
/** The fewest requests of a route on an instance that say something. */
const MIN_REQUESTS = 20;
const ROUTE_RATIO = 2;
const MAX_ROUTES = 10;
const Q99 = 0.99;

/** The queries of the report. */
export class FleetQueries {
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
