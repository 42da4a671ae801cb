import type { ServerResponse } from 'node:http';
import type { Counter } from '../../metrics/counter.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { ErrorClasses } from '../error-class.js';

/** The `error` of a response that was sent without an exception. */
const NO_EXCEPTION = 'none';

/** Counts the responses by which a server says that it has failed, and by which exceptions. */
export class ServerErrorRecorder {
  private readonly errors: Counter<'method' | 'route' | 'error'>;
  private readonly errorClasses = new ErrorClasses();
  private readonly exceptions = new WeakMap<ServerResponse, string>();

  constructor(registry: MetricsRegistry) {
    this.errors = registry.counter(
      'http_server_errors_total',
      'HTTP requests that were answered with 5xx, by class of the exception; none if there was none.',
      { labelNames: ['method', 'route', 'error'] },
    );
  }

  /** Takes note of an exception, whatever will be answered; of several the last is the one that counts. */
  note(response: ServerResponse, exception: unknown): void {
    this.exceptions.set(response, this.errorClasses.of(exception));
  }

  /** Counts a response of 5xx. */
  record(response: ServerResponse, method: string, route: string): void {
    const broken = response.errored ?? undefined;
    const error = this.exceptions.get(response) ?? (broken ? this.errorClasses.of(broken) : NO_EXCEPTION);
    this.errors.inc({ method, route, error });
  }
}
