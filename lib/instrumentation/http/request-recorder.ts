import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../metrics/clock.js';
import type { Counter, CounterSeries } from '../../metrics/counter.js';
import type { ExemplarLabels, ExemplarSource } from '../../metrics/exemplars.js';
import type { Gauge, GaugeSeries } from '../../metrics/gauge.js';
import type { Histogram, HistogramSeries } from '../../metrics/histogram.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ServerErrorRecorder } from '../errors/server-error.recorder.js';
import type { HttpMetricsOptions } from './http.options.js';
import { isEventStream, statusOf } from './response-end.js';
import { type FastifyReplyLike, routeOf } from './route.js';

type RouteLabels = 'method' | 'route' | 'status_code';

/** The series of one method, route and status, looked up once. */
interface OutcomeSeries {
  readonly requests: CounterSeries;
  /** Made when they are needed first: a stream has no duration, and most routes are neither slow nor streams. */
  seconds?: HistogramSeries;
  slow?: CounterSeries;
  streamSeconds?: HistogramSeries;
}

/** A route under one method; undefined in the map means that it is ignored. */
type OutcomesByStatus = OutcomeSeries[];

interface MethodSeries {
  readonly method: string;
  readonly inProgress: GaugeSeries;
  readonly routes: Map<string, OutcomesByStatus | undefined>;
}

const OBSERVATION = Symbol('monitoring.observation');
const QUEUE = Symbol('monitoring.queue');

/** A request that is being answered. */
interface Observation {
  readonly series: MethodSeries;
  /** Milliseconds on the monotonic clock. */
  readonly startedAt: number;
  /** What Fastify made of it, which knows the route in the end. */
  reply: FastifyReplyLike | undefined;
  /** Of the trace that it belongs to, which is not the active one any more when the response closes. */
  readonly exemplar: ExemplarLabels | undefined;
  /** The queue that it waited in when it began. */
  queue: Set<RecordedResponse> | undefined;
  /** Whether it has been counted, or is not to be. */
  over: boolean;
}

interface RecordedResponse extends ServerResponse {
  [OBSERVATION]?: Observation;
}

/** A connection with the responses that began while an earlier one was still being sent. */
interface PipelinedSocket extends Socket {
  [QUEUE]?: Set<RecordedResponse>;
}

/** Methods that have a label value of their own: those of RFC 9110 and PATCH. */
const KNOWN_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'];
const OTHER_METHOD = 'OTHER';

/** Streams last from seconds to days; they have these buckets, in seconds, instead of those of requests. */
const STREAM_BUCKETS = [1, 10, 60, 300, 900, 3_600, 14_400, 86_400];

/** Counts and times HTTP requests, each exactly once, whatever becomes of it. */
export class RequestRecorder {
  private readonly requests: Counter<RouteLabels>;
  private readonly seconds: Histogram<RouteLabels>;
  private readonly slow: Counter<RouteLabels>;
  private readonly streamSeconds: Histogram<RouteLabels>;
  private readonly inProgress: Gauge<'method'>;

  private readonly methods = new Map<string, MethodSeries>();
  private readonly slowSeconds: number;
  private readonly ignored: readonly (string | RegExp)[];
  private readonly onClose: (this: ServerResponse) => void;

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
    options: Required<HttpMetricsOptions>,
    private readonly serverErrors?: ServerErrorRecorder,
    private readonly exemplars?: ExemplarSource,
  ) {
    const labelNames = ['method', 'route', 'status_code'] as const;
    this.requests = registry.counter('http_requests_total', 'HTTP requests that were answered or given up.', {
      labelNames,
    });
    this.seconds = registry.histogram(
      'http_request_duration_seconds',
      'Time from the arrival of a request to the end of its response, streams of events left out.',
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
    const end = (response: RecordedResponse): void => this.end(response);
    this.onClose = function () {
      end(this);
    };
  }

  /** Starts to measure a request; the second call for the same one does nothing. */
  begin(response: RecordedResponse, method = OTHER_METHOD): void {
    if (response[OBSERVATION] !== undefined) return;
    const series = this.methods.get(method) ?? this.seriesOfMethod(method);
    const startedAt = this.clock.monotonic();
    response[OBSERVATION] = {
      series,
      startedAt,
      reply: undefined,
      exemplar: this.exemplars && exemplarOf(this.exemplars),
      queue: undefined,
      over: false,
    };
    series.inProgress.inc();
    response.on('close', this.onClose);
    if (response.socket === null) this.watchQueue(response, response[OBSERVATION]);
  }

  /** As {@link begin}, for what Fastify has made of a request. */
  beginReply(reply: FastifyReplyLike): void {
    const response: RecordedResponse = reply.raw;
    this.begin(response, reply.request.raw.method);
    const observation = response[OBSERVATION];
    if (observation !== undefined) observation.reply = reply;
  }

  /** Leaves a request out that has begun. */
  ignore(response: RecordedResponse): void {
    this.finish(response);
  }

  /** The observation, if the request is not over yet; it is from now on. */
  private finish(response: RecordedResponse): Observation | undefined {
    const observation = response[OBSERVATION];
    if (observation === undefined || observation.over) return undefined;
    observation.over = true;
    observation.queue?.delete(response);
    observation.series.inProgress.dec();
    return observation;
  }

  private end(response: RecordedResponse): void {
    const observation = this.finish(response);
    if (observation === undefined) return;
    const { series, startedAt, reply, exemplar, queue } = observation;
    const route = routeOf(response, reply);
    const outcomes = series.routes.get(route) ?? this.outcomesOf(series, route);
    if (outcomes === undefined) return;
    const stream = isEventStream(response, reply);
    const status = stream ? response.statusCode : statusOf(response, queue !== undefined);
    const outcome = (outcomes[status] ??= {
      requests: this.requests.labels(labels(series.method, route, status)),
    });
    const seconds = (this.clock.monotonic() - startedAt) / 1000;
    outcome.requests.inc(1, exemplar);
    if (status >= 500) this.serverErrors?.record(response, series.method, route);
    if (stream) {
      outcome.streamSeconds ??= this.streamSeconds.labels(labels(series.method, route, status));
      outcome.streamSeconds.observe(seconds, exemplar);
      return;
    }
    outcome.seconds ??= this.seconds.labels(labels(series.method, route, status));
    outcome.seconds.observe(seconds, exemplar);
    if (seconds > this.slowSeconds) {
      outcome.slow ??= this.slow.labels(labels(series.method, route, status));
      outcome.slow.inc(1, exemplar);
    }
  }

  /** A response that waits behind another on its connection has no `close` of its own when the client leaves. */
  private watchQueue(response: RecordedResponse, observation: Observation): void {
    const socket: PipelinedSocket = response.req.socket;
    let queue = socket[QUEUE];
    if (queue === undefined) {
      const waiting = (queue = new Set<RecordedResponse>());
      socket[QUEUE] = waiting;
      socket.once('close', () => {
        for (const left of waiting) this.end(left);
      });
    }
    queue.add(response);
    observation.queue = queue;
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

  private outcomesOf(series: MethodSeries, route: string): OutcomesByStatus | undefined {
    if (series.routes.has(route)) return undefined;
    const ignored = this.ignored.some((given) =>
      typeof given === 'string' ? given === route : route.search(given) >= 0,
    );
    const outcomes = ignored ? undefined : [];
    series.routes.set(route, outcomes);
    return outcomes;
  }
}

function exemplarOf(source: ExemplarSource): ExemplarLabels | undefined {
  try {
    return source();
  } catch {
    return undefined;
  }
}

function labels(method: string, route: string, status: number): Record<RouteLabels, string> {
  return { method, route, status_code: String(status) };
}
