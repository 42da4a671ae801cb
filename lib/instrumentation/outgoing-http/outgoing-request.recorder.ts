import type { Clock } from '../../metrics/clock.js';
import type { Counter } from '../../metrics/counter.js';
import type { Histogram } from '../../metrics/histogram.js';
import { instrumentationGuard } from '../../metrics/error-guards.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { errorClass } from '../error-class.js';
import { methodLabel } from '../http-method.js';
import { boundedLabelValue, BoundedLabelValues } from '../../primitives/bounded-label-values.js';
import type { Guard } from '../../primitives/guard.js';
import type { OutgoingHttpOptions } from './outgoing-http.options.js';
import { OUTGOING_HTTP_METRICS } from '../../metrics/metric-names.js';

const SWITCHING_PROTOCOLS = 101;

/** The `status_code` of a request without a response. */
const NO_RESPONSE = 'error';

/** The format of error codes of the network and of undici, such as `ECONNREFUSED`. */
const ERROR_CODE = /^[A-Z][A-Z0-9_]{1,40}$/;
/** Upper limit for values of the label `error`: Node, undici and OpenSSL have a few hundred, services rarely see ten. */
const MAX_ERRORS = 50;
/** Upper limit of cached matches of `ignoreHosts`. */
const MAX_CACHED_HOSTS = 1_000;
/** Length of the longest DNS name with a port. Longer values are cut before `ignoreHosts` is applied. */
const MAX_HOST_LENGTH = 260;

type RequestLabels = 'host' | 'method' | 'status_code';

/** A request without a response. */
interface OpenRequest {
  readonly host: string;
  readonly method: string;
  /** Start time, in milliseconds on the monotonic clock. */
  readonly startedAt: number;
}

/**
 * The metrics of outgoing HTTP requests. A request is identified by its client object, is counted once, and lasts until
 * the head of its response or an error.
 */
export class OutgoingRequestRecorder {
  /** Receives the errors of the measurement itself. */
  readonly guard: Guard;

  private readonly requests: Counter<RequestLabels>;
  private readonly seconds: Histogram<RequestLabels>;
  private readonly errors: Counter<'host' | 'method' | 'error'>;

  private readonly open = new WeakMap<object, OpenRequest>();
  private readonly hosts: BoundedLabelValues;
  private readonly errorNames = new BoundedLabelValues(MAX_ERRORS);
  private readonly ignored = new Map<string, boolean>();
  private readonly ignoreHosts: readonly (string | RegExp)[];

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
    options: Required<OutgoingHttpOptions>,
  ) {
    this.guard = instrumentationGuard(registry, 'outgoing_http');
    const labelNames = ['host', 'method', 'status_code'] as const;
    this.requests = registry.counter(
      OUTGOING_HTTP_METRICS.requests,
      'Outgoing HTTP requests, by status of the response; error if no response was received.',
      { labelNames },
    );
    this.seconds = registry.histogram(
      OUTGOING_HTTP_METRICS.duration,
      'Time from the start of an outgoing HTTP request to the head of its response or to an error, in seconds.',
      { labelNames, buckets: options.buckets },
    );
    this.errors = registry.counter(
      'http_client_errors_total',
      'Outgoing HTTP requests without a response, by code or class of error.',
      { labelNames: ['host', 'method', 'error'] },
    );
    this.hosts = new BoundedLabelValues(options.maxHosts);
    this.ignoreHosts = options.ignoreHosts;
  }

  /**
   * Records the start of a request. A second call for the same request does nothing.
   *
   * @param host the value of the label `host`, without path, query and credentials
   */
  begin(request: object, host: string, method: string): void {
    if (this.open.has(request) || this.isIgnored(host)) return;
    this.open.set(request, {
      host: this.hosts.of(host),
      method: methodLabel(method),
      startedAt: this.clock.monotonic(),
    });
  }

  /**
   * Records the head of a response. Ignores an interim response, a request that has ended and an unknown request. Among
   * the statuses below 200, only 101 is final.
   */
  respond(request: object, status: number): void {
    if (status < 200 && status !== SWITCHING_PROTOCOLS) return;
    const found = this.finish(request);
    if (found !== undefined) this.record(found, String(status));
  }

  /** Records an error. Ignores a request that has ended and an unknown request. */
  fail(request: object, error: unknown): void {
    const found = this.finish(request);
    if (found === undefined) return;
    this.record(found, NO_RESPONSE);
    this.errors.inc({ host: found.host, method: found.method, error: this.errorNames.of(errorName(error)) });
  }

  private finish(request: object): OpenRequest | undefined {
    const found = this.open.get(request);
    if (found !== undefined) this.open.delete(request);
    return found;
  }

  private record({ host, method, startedAt }: OpenRequest, status: string): void {
    const labels = { host, method, status_code: status };
    this.requests.inc(labels);
    this.seconds.observe(labels, (this.clock.monotonic() - startedAt) / 1000);
  }

  private isIgnored(requested: string): boolean {
    if (this.ignoreHosts.length === 0) return false;
    const host = boundedLabelValue(requested, MAX_HOST_LENGTH);
    let ignored = this.ignored.get(host);
    if (ignored === undefined) {
      ignored = this.ignoreHosts.some((pattern) =>
        typeof pattern === 'string' ? pattern.toLowerCase() === host : host.search(pattern) >= 0,
      );
      if (this.ignored.size < MAX_CACHED_HOSTS) this.ignored.set(host, ignored);
    }
    return ignored;
  }
}

/** Returns the code of an error, such as `ECONNREFUSED`, or else its class, such as `TimeoutError`. */
function errorName(error: unknown): string {
  try {
    const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
    if (typeof code === 'string' && ERROR_CODE.test(code)) return code;
    // An aborted request has a DOMException, whose name is the reason.
    if (error instanceof DOMException && typeof name === 'string') return name;
  } catch {
    // The error is undefined or has a getter that throws.
  }
  return errorClass(error);
}
