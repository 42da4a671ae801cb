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
  private readonly exceptions = new WeakMap<ServerResponse, string>();

  constructor(registry: MetricsRegistry) {
    this.errors = registry.counter(
      'http_server_errors_total',
      'HTTP requests with a 5xx response, by class of exception; none if no exception was thrown.',
      { labelNames: ['method', 'route', 'error'] },
    );
  }

  /** Records an exception of a request, whichever response follows. The last exception counts. */
  recordException(response: ServerResponse, exception: unknown): void {
    this.exceptions.set(response, this.errorClasses.of(exception));
  }

  /** Counts a 5xx response. */
  record(response: ServerResponse, method: string, route: string): void {
    const cause = response.errored ?? undefined;
    const error = this.exceptions.get(response) ?? (cause ? this.errorClasses.of(cause) : NO_EXCEPTION);
    this.errors.inc({ method, route, error });
  }
}
