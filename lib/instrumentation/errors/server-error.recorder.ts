import type { ServerResponse } from 'node:http';
import type { Counter } from '../../metrics/counter.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { ErrorClasses } from '../error-class.js';

/** The `error` of a response without an exception. */
const NO_EXCEPTION = 'none';

/** The metric of 5xx responses, by class of exception. */
export class ServerErrorRecorder {
  private readonly errors: Counter<'method' | 'route' | 'error'>;
  private readonly errorClasses = new ErrorClasses();
  private readonly exceptions = new WeakMap<ServerResponse, unknown>();

  constructor(registry: MetricsRegistry) {
    this.errors = registry.counter(
      'http_server_errors_total',
      'HTTP requests with a 5xx response, by class of exception; none if no exception was thrown.',
      { labelNames: ['method', 'route', 'error'] },
    );
  }

  /** Records an exception of a request, whichever response follows. The last exception counts. */
  recordException(response: ServerResponse, exception: unknown): void {
    this.exceptions.set(response, exception);
  }

  /** Returns the last exception of a request; undefined if there was none. */
  exceptionOf(response: ServerResponse): unknown {
    return this.exceptions.get(response) ?? response.errored ?? undefined;
  }

  /** Counts a 5xx response. */
  record(response: ServerResponse, method: string, route: string): void {
    const exception = this.exceptionOf(response);
    const hasException = exception !== undefined || this.exceptions.has(response);
    const error = hasException ? this.errorClasses.of(exception) : NO_EXCEPTION;
    this.errors.inc({ method, route, error });
  }
}
