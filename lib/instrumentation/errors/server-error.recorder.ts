import type { ServerResponse } from 'node:http';
import type { Counter } from '../../metrics/counter.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { ErrorClasses } from '../error-class.js';
import { isRefusal } from './refusal.js';

/** The `error` of a response without an exception. */
const NO_EXCEPTION = 'none';

/** The exceptions of HTTP requests, and the metric of 5xx responses by class of exception. */
export class ServerErrorRecorder {
  private readonly errors: Counter<'method' | 'route' | 'error'> | undefined;
  private readonly errorClasses = new ErrorClasses();
  private readonly exceptions = new WeakMap<ServerResponse, unknown>();
  /** Number of requests with an exception that have not ended, so that no other request is looked up. */
  private unreported = 0;

  /** @param countsResponses false if only the exceptions are needed */
  constructor(
    private readonly registry: MetricsRegistry,
    countsResponses: boolean,
  ) {
    if (!countsResponses) return;
    this.errors = registry.counter(
      'http_server_errors_total',
      'HTTP requests with a 5xx response, by class of exception; none if no exception was thrown.',
      { labelNames: ['method', 'route', 'error'] },
    );
  }

  /** Records an exception of a request, whichever response follows. The last exception counts. */
  recordException(response: ServerResponse, exception: unknown): void {
    if (!this.exceptions.has(response)) this.unreported++;
    this.exceptions.set(response, exception);
  }

  /** Returns the last exception of a request; undefined if there was none. */
  exceptionOf(response: ServerResponse): unknown {
    return this.exceptions.get(response) ?? response.errored ?? undefined;
  }

  /** Counts a 5xx response. */
  record(response: ServerResponse, method: string, route: string): void {
    if (this.errors === undefined) return;
    const exception = this.exceptionOf(response);
    const hasException = exception !== undefined || this.exceptions.has(response);
    const error = hasException ? this.errorClasses.of(exception) : NO_EXCEPTION;
    this.errors.inc({ method, route, error });
  }

  /**
   * Reports the exception of a request, unless it only refuses the request: an exception with a status below 500, such as
   * `NotFoundException`, is no error of the application if the response has such a status, too.
   */
  report(
    response: ServerResponse,
    status: number,
    name: string,
    route: string,
    recordId: string | undefined,
  ): void {
    if (this.unreported === 0 && status < 500) return;
    const isRecorded = this.exceptions.has(response);
    if (isRecorded) this.unreported--;
    const exception = this.exceptionOf(response);
    const isError =
      status < 500 ? isRecorded && !isRefusal(exception) : isRecorded || exception !== undefined;
    if (!isError) return;
    this.registry.errors?.observe(exception, 'http', name, { route, recordId });
  }
}
