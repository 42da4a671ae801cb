import type { Clock } from '../../metrics/clock.js';
import type { Convention } from '../../metrics/conventions/conventions.js';
import { instrumentationGuard } from '../../metrics/error-guards.js';
import { type ExemplarLabels, type ExemplarSource, withExemplarLabel } from '../../metrics/exemplars.js';
import { OTHER_METHOD, UNMATCHED_ROUTE } from '../../metrics/label-values.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Guard } from '../../primitives/guard.js';
import type { ServerErrorRecorder } from '../errors/server-error.recorder.js';
import type { ContextScope } from '../requests/context-scope.js';
import type { OperationRecorder } from '../requests/operation.recorder.js';
import type { FastifyReplyLike } from './fastify-routes.js';
import { recordClientError } from './client-error.js';
import type { HttpMetricsOptions } from './http.options.js';
import {
  endObservation,
  type HttpSocket,
  observationBy,
  observationOf,
  observeConnection,
  type ObservationOwner,
  type ObservedResponse,
  type RequestObservation,
  startObservation,
} from './request-observation.js';
import { RequestSeries, type RouteSeries } from './request-series.js';
import { http2StreamOf, isEventStream, isOnSocket, isUpgrade, statusOf } from './response-end.js';
import { announceTimings } from './server-timing.js';
import { Routes } from './routes.js';

/** The status with which Node responds to a request beyond the limit of requests per connection. */
const DROPPED_STATUS = 503;

/**
 * The metrics of HTTP requests. Each request is counted exactly once. No method throws, because they are called inside
 * the requests of the application.
 */
export class RequestRecorder implements ObservationOwner {
  readonly guard: Guard;
  readonly routes = new Routes();

  private readonly series: RequestSeries;
  private readonly onClose: (this: ObservedResponse) => void;
  private readonly onFinish: (this: ObservedResponse) => void;

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
    options: Required<HttpMetricsOptions>,
    private readonly serverErrors?: ServerErrorRecorder,
    private readonly exemplars?: ExemplarSource,
    private readonly records?: OperationRecorder,
    /** True if exemplars name the record of their request. */
    private readonly linksRecords = false,
    convention?: Convention,
  ) {
    this.guard = instrumentationGuard(registry, 'http');
    this.series = new RequestSeries(registry, options, convention);
    const end = (response: ObservedResponse, status?: number): void => this.end(response, status);
    this.onClose = function () {
      end(this);
    };
    this.onFinish = function () {
      end(this, this.statusCode);
    };
  }

  /**
   * Starts measuring a request. A second call for the same request does nothing.
   *
   * @returns the async context for its work; undefined if it needs none of its own
   */
  begin(response: ObservedResponse, method = OTHER_METHOD): ContextScope | undefined {
    try {
      if (observationBy(this, response) === undefined) this.observe(response, method, undefined);
      return this.contextOf(response);
    } catch (error) {
      this.guard.report(error);
      return undefined;
    }
  }

  /** Starts measuring a request that has reached the framework, within the context of its trace, like {@link begin}. */
  beginWithin(response: ObservedResponse, method = OTHER_METHOD): ContextScope | undefined {
    try {
      const observation = observationBy(this, response);
      if (observation === undefined) this.observe(response, method, undefined);
      else this.trace(observation);
      return this.contextOf(response);
    } catch (error) {
      this.guard.report(error);
      return undefined;
    }
  }

  /** Starts measuring a request of Fastify, like {@link beginWithin}. */
  beginReply(reply: FastifyReplyLike): void {
    try {
      const response: ObservedResponse = reply.raw;
      const observation = observationBy(this, response);
      if (observation === undefined) this.observe(response, reply.request.raw.method ?? OTHER_METHOD, reply);
      else {
        observation.reply = reply;
        if (observation.operation?.carrier === response) observation.operation.carrier = reply;
        this.trace(observation);
      }
    } catch (error) {
      this.guard.report(error);
    }
  }

  /** Writes what is held back. From now on, each request is written when it ends. */
  release(): void {
    this.series.release();
  }

  /** Returns the async context for the work of a request that has started; undefined if it needs none of its own. */
  contextOf(response: ObservedResponse): ContextScope | undefined {
    if (this.records === undefined || this.records.operations.isIdle) return undefined;
    const observation = observationBy(this, response);
    return observation && this.records.operations.scopeOf(observation.operation);
  }

  /** Excludes a request that has started, also for the applications in which this one is mounted. */
  ignore(response: ObservedResponse): void {
    for (let each = observationOf(response); each !== undefined; each = each.outer) {
      if (endObservation(each, response)) this.records?.operations.discard(each.operation);
    }
  }

  /** Records that no route of the application matches a request. */
  markUnmatched(response: ObservedResponse): void {
    for (let each = observationOf(response); each !== undefined; each = each.outer) each.unmatched = true;
  }

  /**
   * Counts a request that Node rejects before the application receives it. If a response is in progress on the same
   * connection, the error ends that response, which is counted by itself.
   */
  clientError(error: NodeJS.ErrnoException, socket: HttpSocket): void {
    const status = recordClientError(socket, error);
    const { _httpMessage: response } = socket;
    if (status === undefined || (response && observationOf(response) !== undefined)) return;
    this.countUnmatched(OTHER_METHOD, status);
  }

  /** Counts a request that Node drops, because its connection has reached the limit of requests. */
  dropRequest({ method = OTHER_METHOD }: { readonly method?: string | undefined }): void {
    this.countUnmatched(method, DROPPED_STATUS);
  }

  /**
   * Counts and times a request that has started. Only the first call counts.
   *
   * @param knownStatus the status to count, if it is already known
   */
  end(response: ObservedResponse, knownStatus?: number): void {
    try {
      const observation = observationBy(this, response);
      if (observation === undefined || !endObservation(observation, response)) return;
      const { startedAt } = observation;
      const route = this.series.ofRoute(observation.series, this.routes.templateOf(response, observation));
      if (route === undefined) {
        this.records?.operations.discard(observation.operation);
        return;
      }
      const isStream = isEventStream(response, observation);
      const status = isStream ? response.statusCode : (knownStatus ?? statusOf(response, observation));
      const seconds = (this.clock.monotonic() - startedAt) / 1000;
      // Ended first, since the exemplars of the metrics name the record.
      const recordId =
        this.records && this.endRecord(this.records, observation, response, route, status, seconds);
      const exemplar = this.exemplarOf(observation, recordId);
      if (isStream) this.series.recordStream(route, status, seconds, exemplar);
      else this.series.recordRequest(route, status, seconds, exemplar);
      if (status >= 500) this.serverErrors?.record(response, route.method, route.route);
      this.serverErrors?.report(response, status, route.name, route.route, recordId);
    } catch (error) {
      this.guard.report(error);
    }
  }

  /** Returns the labels of the exemplars of a request: its trace, and its record if that is kept. */
  private exemplarOf(
    { exemplar }: RequestObservation,
    recordId: string | undefined,
  ): ExemplarLabels | undefined {
    if (recordId === undefined || !this.linksRecords) return exemplar;
    return withExemplarLabel(
      exemplar ?? (this.exemplars && exemplarOf(this.exemplars)),
      'record_id',
      recordId,
    );
  }

  /** Ends the operation of a request. @returns the ID of its record; undefined if it is not kept */
  private endRecord(
    records: OperationRecorder,
    { operation, exemplar }: RequestObservation,
    response: ObservedResponse,
    { name, method, route }: RouteSeries,
    status: number,
    seconds: number,
  ): string | undefined {
    const hasFailed = status >= 500;
    if (operation === undefined && !hasFailed) return undefined;
    try {
      return records.end(operation, {
        kind: 'http',
        name,
        metrics: { name: 'http', labels: { method, route } },
        method,
        route,
        status,
        hasFailed,
        durationMs: seconds * 1000,
        exception: hasFailed ? this.serverErrors?.exceptionOf(response) : undefined,
        traceId: exemplar?.['trace_id'],
      });
    } catch (error) {
      // The request counts all the same.
      this.guard.report(error);
      return undefined;
    }
  }

  /** Sets the trace of a request that started outside of its context. */
  private trace(observation: RequestObservation): void {
    if (this.exemplars !== undefined)
      observation.exemplar = exemplarOf(this.exemplars) ?? observation.exemplar;
  }

  private countUnmatched(method: string, status: number): void {
    const route = this.series.ofRoute(this.series.ofMethod(method), UNMATCHED_ROUTE);
    if (route !== undefined) this.series.countRejected(route, status);
  }

  private observe(response: ObservedResponse, method: string, reply: FastifyReplyLike | undefined): void {
    if (isUpgrade(response)) return;
    const hasSocket = isOnSocket(response);
    const series = this.series.ofMethod(method);
    const startedAt = this.clock.monotonic();
    const outer = observationOf(response);
    // From now on, what Nest passes to guards and handlers belongs to the inner application.
    if (outer?.operation !== undefined) outer.operation.carrier = undefined;
    const operation = this.records?.operations.start('http', startedAt);
    if (operation !== undefined) operation.carrier = reply ?? response;
    const observation: RequestObservation = {
      recorder: this,
      outer,
      series,
      request: hasSocket ? response.req : undefined,
      isChunkedByDefault: response.useChunkedEncodingByDefault,
      startedAt,
      operation,
      reply,
      exemplar: this.exemplars && exemplarOf(this.exemplars),
      connection: undefined,
      queued: false,
      unmatched: false,
      ended: false,
    };
    startObservation(response, observation);
    if (this.records?.serverTiming === true) this.announceTimings(this.records, response, observation);
    response.on('close', this.onClose);
    if (!hasSocket) this.observeFinish(response);
    // HTTP/2 closes every response itself.
    else if (response.req.httpVersionMajor < 2) observeConnection(response, observation);
  }

  private announceTimings(
    { operations }: OperationRecorder,
    response: ObservedResponse,
    { operation }: RequestObservation,
  ): void {
    if (operation !== undefined) {
      announceTimings(response, this.guard, () => operations.timesOf(operation));
    }
  }

  /** Ends a request without a socket at `finish`: a mock response may emit no `close`, or emit it too early. */
  private observeFinish(response: ObservedResponse): void {
    if (http2StreamOf(response) === undefined) response.prependListener('finish', this.onFinish);
  }
}

function exemplarOf(source: ExemplarSource): ExemplarLabels | undefined {
  try {
    return source();
  } catch {
    return undefined;
  }
}
