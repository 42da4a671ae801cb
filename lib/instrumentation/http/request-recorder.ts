import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../metrics/clock.js';
import type { Counter, CounterSeries } from '../../metrics/counter.js';
import { instrumentationGuard } from '../../metrics/error-reports.js';
import type { ExemplarLabels, ExemplarSource } from '../../metrics/exemplars.js';
import type { Gauge, GaugeSeries } from '../../metrics/gauge.js';
import type { Histogram, HistogramSeries } from '../../metrics/histogram.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Guard } from '../../primitives/guard.js';
import { LabelValues } from '../../primitives/label-values.js';
import type { ServerErrorRecorder } from '../errors/server-error.recorder.js';
import type { HttpMetricsOptions } from './http.options.js';
import { ExpressRoutes } from './express-routes.js';
import { noteRefusal } from './refused-request.js';
import { http2StreamOf, isEventStream, isOnSocket, isUpgrade, statusOf } from './response-end.js';
import { type FastifyReplyLike, routeOf, UNMATCHED_ROUTE } from './route.js';

type RouteLabels = 'method' | 'route' | 'status_code';

/** The series of one method, route and status, looked up once. */
interface OutcomeSeries {
  readonly requests: CounterSeries;
  /** Made when they are needed first: a stream has no duration, and most routes are neither slow nor streams. */
  seconds?: HistogramSeries;
  slow?: CounterSeries;
  streamSeconds?: HistogramSeries;
}

/** A route under one method. */
interface RouteSeries {
  readonly method: string;
  /** The template as a label value. */
  readonly route: string;
  readonly byStatus: OutcomeSeries[];
}

interface MethodSeries {
  readonly method: string;
  readonly inProgress: GaugeSeries;
  /** By template; undefined if it is ignored. */
  readonly routes: Map<string, RouteSeries | undefined>;
}

const OBSERVATION = Symbol('monitoring.observation');
const CONNECTION = Symbol('monitoring.connection');

/** A request that is being answered. */
interface Observation {
  readonly recorder: RequestRecorder;
  /** That of the application which this one is mounted in. */
  readonly outer: Observation | undefined;
  readonly series: MethodSeries;
  /** Milliseconds on the monotonic clock. */
  readonly startedAt: number;
  /** The reply of Fastify, which knows the route in the end. */
  reply: FastifyReplyLike | undefined;
  /** The trace that it belongs to, which is not the active one any more when the response closes. */
  readonly exemplar: ExemplarLabels | undefined;
  /** The connection that it is on. */
  connection: Connection | undefined;
  /** True if it began while an earlier response was still being sent on its connection. */
  queued: boolean;
  /** True if Nest has answered that there is no such route. */
  unmatched: boolean;
  /** True if it has been counted, or is not to be. */
  over: boolean;
}

interface RecordedResponse extends ServerResponse {
  [OBSERVATION]?: Observation;
}

/** The responses of a connection that are still going on. */
interface Connection {
  current: RecordedResponse | undefined;
  /** Those that began while an earlier one was still being sent; made when it is needed first. */
  waiting: Set<RecordedResponse> | undefined;
}

interface HttpSocket extends Socket {
  /** The response that is being sent. */
  readonly _httpMessage?: RecordedResponse | null;
  [CONNECTION]?: Connection;
}

/** Routes of one method that have a label value of their own; an application that makes routes as it runs has no end. */
const MAX_ROUTES = 10_000;

/** Methods that have a label value of their own: those of RFC 9110 and PATCH. */
const KNOWN_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'];
const OTHER_METHOD = 'OTHER';

/** The status by which Node answers a request beyond the most that a connection may carry. */
const DROPPED = 503;

/** Streams last from seconds to days; they have these buckets, in seconds, instead of those of requests. */
const STREAM_BUCKETS = [1, 10, 60, 300, 900, 3_600, 14_400, 86_400];

/**
 * Counts and times HTTP requests, each exactly once, whatever becomes of it. No method throws: they are called inside
 * the requests of the application.
 */
export class RequestRecorder {
  readonly guard: Guard;

  private readonly requests: Counter<RouteLabels>;
  private readonly seconds: Histogram<RouteLabels>;
  private readonly slow: Counter<RouteLabels>;
  private readonly streamSeconds: Histogram<RouteLabels>;
  private readonly inProgress: Gauge<'method'>;

  private readonly methods = new Map<string, MethodSeries>();
  private readonly slowSeconds: number;
  private readonly ignored: readonly (string | RegExp)[];
  private readonly expressRoutes = new ExpressRoutes();
  private readonly routeLabels = new LabelValues(MAX_ROUTES);
  private readonly onClose: (this: RecordedResponse) => void;
  private readonly onFinish: (this: RecordedResponse) => void;

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
    options: Required<HttpMetricsOptions>,
    private readonly serverErrors?: ServerErrorRecorder,
    private readonly exemplars?: ExemplarSource,
  ) {
    this.guard = instrumentationGuard(registry, 'http');
    const labelNames = ['method', 'route', 'status_code'] as const;
    this.requests = registry.counter('http_requests_total', 'HTTP requests that were answered or given up.', {
      labelNames,
    });
    this.seconds = registry.histogram(
      'http_request_duration_seconds',
      'Time from when Node has parsed the head of a request to the end of its response, in seconds, without streams of events and without the wait in the socket before.',
      { labelNames, buckets: options.buckets },
    );
    this.slow = registry.counter(
      'http_slow_requests_total',
      `HTTP requests that took longer than ${options.slowRequestThresholdMs} ms.`,
      { labelNames },
    );
    this.streamSeconds = registry.histogram(
      'http_stream_duration_seconds',
      'How long streams of server-sent events stayed open.',
      { labelNames, buckets: STREAM_BUCKETS },
    );
    this.inProgress = registry.gauge('http_requests_in_progress', 'HTTP requests that are being answered.', {
      labelNames: ['method'],
    });
    this.slowSeconds = options.slowRequestThresholdMs / 1000;
    this.ignored = options.ignoreRoutes;
    const end = (response: RecordedResponse, status?: number): void => this.end(response, status);
    this.onClose = function () {
      end(this);
    };
    this.onFinish = function () {
      end(this, this.statusCode);
    };
  }

  /** Starts to measure a request; the second call for the same one does nothing. */
  begin(response: RecordedResponse, method = OTHER_METHOD): void {
    try {
      const outer = response[OBSERVATION];
      if (outer !== undefined && this.isMeasuring(outer)) return;
      if (isUpgrade(response)) return;
      const series = this.methods.get(method) ?? this.seriesOfMethod(method);
      const startedAt = this.clock.monotonic();
      const observation: Observation = {
        recorder: this,
        outer,
        series,
        startedAt,
        reply: undefined,
        exemplar: this.exemplars && exemplarOf(this.exemplars),
        connection: undefined,
        queued: false,
        unmatched: false,
        over: false,
      };
      response[OBSERVATION] = observation;
      series.inProgress.inc();
      response.on('close', this.onClose);
      if (!isOnSocket(response)) this.watchFinish(response);
      // HTTP/2 closes each response by itself.
      else if (response.req.httpVersionMajor < 2) noteOnConnection(response, observation);
    } catch (error) {
      this.guard.report(error);
    }
  }

  /** As {@link begin}, for what Fastify has made of a request. */
  beginReply(reply: FastifyReplyLike): void {
    try {
      const response: RecordedResponse = reply.raw;
      this.begin(response, reply.request.raw.method);
      const observation = this.observationOf(response);
      if (observation !== undefined) observation.reply = reply;
    } catch (error) {
      this.guard.report(error);
    }
  }

  /** Leaves out a request that has begun, also for the applications that this one is mounted in. */
  ignore(response: RecordedResponse): void {
    for (let one = response[OBSERVATION]; one !== undefined; one = one.outer) finish(one, response);
  }

  /** Takes note that no route of the application is for a request, whichever were tried. */
  unmatched(response: RecordedResponse): void {
    for (let one = response[OBSERVATION]; one !== undefined; one = one.outer) one.unmatched = true;
  }

  /**
   * Counts a request that the parser of Node refuses, of which nothing is known but that. One that is being answered
   * on the same connection ends with it, and counts by itself.
   */
  refuse(error: NodeJS.ErrnoException, socket: HttpSocket): void {
    const status = noteRefusal(socket, error);
    if (status === undefined || socket._httpMessage?.[OBSERVATION] !== undefined) return;
    const route = this.seriesOfRoute(this.seriesOfMethod(OTHER_METHOD), UNMATCHED_ROUTE);
    if (route !== undefined) this.outcomeOf(route, status).requests.inc();
  }

  /** Counts a request that Node drops, because its connection has carried as many as it may. */
  drop({ method = OTHER_METHOD }: { readonly method?: string | undefined }): void {
    const route = this.seriesOfRoute(this.seriesOfMethod(method), UNMATCHED_ROUTE);
    if (route !== undefined) this.outcomeOf(route, DROPPED).requests.inc();
  }

  private isMeasuring(first: Observation): boolean {
    for (let one: Observation | undefined = first; one !== undefined; one = one.outer) {
      if (one.recorder === this) return true;
    }
    return false;
  }

  private observationOf(response: RecordedResponse): Observation | undefined {
    let one = response[OBSERVATION];
    while (one !== undefined && one.recorder !== this) one = one.outer;
    return one;
  }

  /**
   * Counts a request that has begun, once.
   *
   * @param given the status to count under, if it is known already
   */
  end(response: RecordedResponse, given?: number): void {
    try {
      const observation = this.observationOf(response);
      if (observation === undefined || !finish(observation, response)) return;
      const { series, startedAt, reply, exemplar, queued } = observation;
      const template = observation.unmatched ? UNMATCHED_ROUTE : routeOf(response, reply, this.expressRoutes);
      const route = series.routes.get(template) ?? this.seriesOfRoute(series, template);
      if (route === undefined) return;
      const stream = isEventStream(response, reply);
      const status = stream ? response.statusCode : (given ?? statusOf(response, queued));
      const outcome = route.byStatus[status] ?? this.outcomeOf(route, status);
      const seconds = (this.clock.monotonic() - startedAt) / 1000;
      outcome.requests.inc(1, exemplar);
      if (status >= 500) this.serverErrors?.record(response, route.method, route.route);
      if (stream) {
        outcome.streamSeconds ??= this.streamSeconds.labels(labels(route, status));
        outcome.streamSeconds.observe(seconds, exemplar);
        return;
      }
      outcome.seconds ??= this.seconds.labels(labels(route, status));
      outcome.seconds.observe(seconds, exemplar);
      if (seconds > this.slowSeconds) {
        outcome.slow ??= this.slow.labels(labels(route, status));
        outcome.slow.inc(1, exemplar);
      }
    } catch (error) {
      this.guard.report(error);
    }
  }

  /** What stands in for a connection may finish a response without closing it, or close it as the first to hear. */
  private watchFinish(response: RecordedResponse): void {
    if (http2StreamOf(response) === undefined) response.prependListener('finish', this.onFinish);
  }

  private seriesOfMethod(given: string): MethodSeries {
    const method = KNOWN_METHODS.includes(given) ? given : OTHER_METHOD;
    let series = this.methods.get(method);
    if (series === undefined) {
      series = { method, inProgress: this.inProgress.labels({ method }), routes: new Map() };
      this.methods.set(method, series);
    }
    return series;
  }

  private seriesOfRoute(series: MethodSeries, template: string): RouteSeries | undefined {
    if (series.routes.has(template)) return series.routes.get(template);
    const ignored = this.ignored.some((given) =>
      typeof given === 'string' ? given === template : template.search(given) >= 0,
    );
    const label = this.routeLabels.of(template);
    // Beyond the limit, all share one.
    const key = series.routes.size < MAX_ROUTES ? template : label;
    let route = ignored ? undefined : series.routes.get(key);
    if (route === undefined && !ignored) route = { method: series.method, route: label, byStatus: [] };
    series.routes.set(key, route);
    return route;
  }

  private outcomeOf(route: RouteSeries, status: number): OutcomeSeries {
    return (route.byStatus[status] ??= { requests: this.requests.labels(labels(route, status)) });
  }
}

/** Ends an observation, and returns whether it was still going on. */
function finish(observation: Observation, response: RecordedResponse): boolean {
  if (observation.over) return false;
  observation.over = true;
  observation.series.inProgress.dec();
  const { connection } = observation;
  if (connection === undefined) return true;
  if (connection.current === response) connection.current = undefined;
  else connection.waiting?.delete(response);
  return true;
}

/**
 * Takes note that a response is on its connection, which tells of its end where the response does not: one that waits
 * behind another has no `close` of its own when the connection is lost, nor has one that was detached from it.
 */
function noteOnConnection(response: RecordedResponse, observation: Observation): void {
  const socket: HttpSocket = response.req.socket;
  const connection = (socket[CONNECTION] ??= watchedConnection(socket));
  observation.connection = connection;
  if (response.socket === null && socket._httpMessage) {
    observation.queued = true;
    (connection.waiting ??= new Set()).add(response);
    return;
  }
  const { current } = connection;
  connection.current = response;
  // Node has given the connection to the next request: the application has answered this one beside its response.
  if (current !== undefined && current !== response) endForAll(current);
}

function watchedConnection(socket: Socket): Connection {
  const connection: Connection = { current: undefined, waiting: undefined };
  socket.once('close', () => {
    for (const left of connection.waiting ?? []) endForAll(left);
    // Most are told by Node, a moment later than this.
    if (connection.current !== undefined) process.nextTick(endCurrent, connection);
  });
  return connection;
}

function endCurrent({ current }: Connection): void {
  if (current !== undefined) endForAll(current);
}

/** Ends a response for every application that measures it. */
function endForAll(response: RecordedResponse): void {
  for (let one = response[OBSERVATION]; one !== undefined; one = one.outer) one.recorder.end(response);
}

function exemplarOf(source: ExemplarSource): ExemplarLabels | undefined {
  try {
    return source();
  } catch {
    return undefined;
  }
}

function labels({ method, route }: RouteSeries, status: number): Record<RouteLabels, string> {
  return { method, route, status_code: String(status) };
}
