import type { ActiveCount } from '../../metrics/active-count.js';
import type { Convention } from '../../metrics/conventions/conventions.js';
import type { Counter, CounterSeries } from '../../metrics/counter.js';
import type { ExemplarLabels } from '../../metrics/exemplars.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { Histogram, HistogramSeries } from '../../metrics/histogram.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { BoundedLabelValues } from '../../primitives/bounded-label-values.js';
import { methodLabel } from '../http-method.js';
import { LONG_LIVED_BUCKETS } from '../long-lived-buckets.js';
import type { HttpMetricsOptions } from './http.options.js';
import { HTTP_METRICS } from '../../metrics/metric-names.js';

type RouteLabels = 'method' | 'route' | 'status_code';

/** The series of one method. */
export interface MethodSeries {
  readonly method: string;
  readonly inProgress: ActiveCount;
  /** The routes by template; undefined for an ignored route. */
  readonly routes: Map<string, RouteSeries | undefined>;
}

/** The series of one method and route. */
export interface RouteSeries {
  readonly method: string;
  /** The label value of the template. */
  readonly route: string;
  /** Method and template, as the name of the requests. */
  readonly name: string;
  readonly byStatus: StatusSeries[];
}

/** The series of one method, route and status. */
interface StatusSeries {
  readonly requests: CounterSeries;
  /** Created on first use: a stream has no `seconds`, and most routes are neither slow nor streams. */
  seconds?: HistogramSeries;
  slow?: CounterSeries;
  streamSeconds?: HistogramSeries;
}

/** Upper limit for ended requests that are held back. */
const MAX_HELD = 256;

/** Upper limit for routes that an application adds at run time, per method. */
const MAX_ROUTES = 10_000;

/**
 * The HTTP request metrics, with every series looked up once.
 *
 * The durations of ended requests are held back until a metric is read, or until there are many: the rows of a counter and
 * a histogram are dozens of cache lines, which a request loads anew.
 */
export class RequestSeries {
  private readonly requests: Counter<RouteLabels>;
  private readonly seconds: Histogram<RouteLabels>;
  private readonly slow: Counter<RouteLabels>;
  private readonly streamSeconds: Histogram<RouteLabels>;
  private readonly inProgress: Gauge<'method'>;
  /** Undefined unless a semantic histogram takes the place of the counter, which counts these requests too. */
  private readonly rejected: Counter<'method' | 'status_code'> | undefined;

  private readonly methods = new Map<string, MethodSeries>();
  private readonly routeLabels = new BoundedLabelValues(MAX_ROUTES);
  private readonly slowSeconds: number;
  private readonly ignoreRoutes: readonly (string | RegExp)[];

  private readonly heldSeries: StatusSeries[] = [];
  private readonly heldSeconds = new Float64Array(MAX_HELD);
  private held = 0;
  /** False with a source of exemplars, which is asked for each sample when it is recorded. */
  private holdsBack: boolean;
  private readonly releases: readonly (() => void)[];

  constructor(
    registry: MetricsRegistry,
    options: Required<HttpMetricsOptions>,
    convention: Convention = 'prometheus',
  ) {
    const labelNames = ['method', 'route', 'status_code'] as const;
    this.requests = registry.counter(
      HTTP_METRICS.requests,
      'HTTP requests that have ended, by method, route and status code.',
      { labelNames },
    );
    this.seconds = registry.histogram(
      HTTP_METRICS.duration,
      'Time from the parsed head of an HTTP request to the end of its response, in seconds, without streams of server-sent events.',
      { labelNames, buckets: options.buckets },
    );
    this.slow = registry.counter(
      HTTP_METRICS.slow,
      `HTTP requests that took longer than ${options.slowRequestThresholdMs} ms.`,
      { labelNames },
    );
    this.streamSeconds = registry.histogram(
      HTTP_METRICS.streamDuration,
      'Duration of closed streams of server-sent events, in seconds.',
      { labelNames, buckets: LONG_LIVED_BUCKETS },
    );
    this.inProgress = registry.gauge(HTTP_METRICS.inProgress, 'HTTP requests that are in progress.', {
      labelNames: ['method'],
    });
    this.rejected =
      convention === 'prometheus'
        ? undefined
        : registry.counter(
            HTTP_METRICS.rejected,
            'HTTP requests that Node rejected before the application received them; they have no duration.',
            { labelNames: ['method', 'status_code'] },
          );
    this.slowSeconds = options.slowRequestThresholdMs / 1000;
    this.ignoreRoutes = options.ignoreRoutes;
    this.holdsBack = !this.requests.store.asksForExemplars;
    const writeHeld = (): void => this.writeHeld();
    this.releases = [this.requests.store.holdBack(writeHeld), this.seconds.store.holdBack(writeHeld)];
  }

  /** Writes what is held back. From now on, each request is written when it ends. */
  release(): void {
    this.holdsBack = false;
    for (const release of this.releases) release();
  }

  /** Returns the series of a method. */
  ofMethod(method: string): MethodSeries {
    return this.methods.get(method) ?? this.addMethod(method);
  }

  /** Returns the series of a route; undefined for an ignored route. */
  ofRoute(series: MethodSeries, template: string): RouteSeries | undefined {
    return series.routes.get(template) ?? this.addRoute(series, template);
  }

  /** Counts a request that the application has not received. */
  countRejected(route: RouteSeries, status: number): void {
    this.ofStatus(route, status).requests.inc();
    this.rejected?.inc({ method: route.method, status_code: String(status) });
  }

  /** Counts and times a request whose response is not a stream. */
  recordRequest(route: RouteSeries, status: number, seconds: number, exemplar?: ExemplarLabels): void {
    const series = this.ofStatus(route, status);
    series.seconds ??= this.seconds.labels(labelsOf(route, status));
    if (this.holdsBack && exemplar === undefined) this.hold(series, seconds);
    else recordEnded(series, seconds, exemplar);
    if (seconds > this.slowSeconds) {
      series.slow ??= this.slow.labels(labelsOf(route, status));
      series.slow.inc(1, exemplar);
    }
  }

  /** Counts and times a request whose response is a stream of server-sent events. */
  recordStream(route: RouteSeries, status: number, seconds: number, exemplar?: ExemplarLabels): void {
    const series = this.ofStatus(route, status);
    series.requests.inc(1, exemplar);
    series.streamSeconds ??= this.streamSeconds.labels(labelsOf(route, status));
    series.streamSeconds.observe(seconds, exemplar);
  }

  private hold(series: StatusSeries, seconds: number): void {
    this.heldSeries[this.held] = series;
    this.heldSeconds[this.held] = seconds;
    if (++this.held === MAX_HELD) this.writeHeld();
  }

  private writeHeld(): void {
    const { held, heldSeries, heldSeconds } = this;
    this.held = 0;
    for (let i = 0; i < held; i++) recordEnded(heldSeries[i]!, heldSeconds[i]!);
  }

  private addMethod(requested: string): MethodSeries {
    const method = methodLabel(requested);
    let series = this.methods.get(method);
    if (series === undefined) {
      series = {
        method,
        inProgress: this.inProgress.active({ method }),
        routes: new Map(),
      };
      this.methods.set(method, series);
    }
    return series;
  }

  private addRoute(series: MethodSeries, template: string): RouteSeries | undefined {
    // An ignored route is known as undefined.
    if (series.routes.has(template)) return undefined;
    const isIgnored = this.ignoreRoutes.some((pattern) =>
      typeof pattern === 'string' ? pattern === template : template.search(pattern) >= 0,
    );
    const label = this.routeLabels.of(template);
    // All routes beyond the limit share one entry.
    const key = series.routes.size < MAX_ROUTES ? template : label;
    let route = isIgnored ? undefined : series.routes.get(key);
    if (route === undefined && !isIgnored) {
      route = { method: series.method, route: label, name: `${series.method} ${label}`, byStatus: [] };
    }
    series.routes.set(key, route);
    return route;
  }

  private ofStatus(route: RouteSeries, status: number): StatusSeries {
    return (route.byStatus[status] ??= { requests: this.requests.labels(labelsOf(route, status)) });
  }
}

function recordEnded(series: StatusSeries, seconds: number, exemplar?: ExemplarLabels): void {
  series.requests.inc(1, exemplar);
  series.seconds?.observe(seconds, exemplar);
}

function labelsOf({ method, route }: RouteSeries, status: number): Record<RouteLabels, string> {
  return { method, route, status_code: String(status) };
}
