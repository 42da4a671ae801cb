import { type CountableWait, type OperationWaits, WaitedCalls } from '../../integrations/operation-waits.js';
import { isOwnCall } from '../../integrations/own-calls.js';
import type { Clock } from '../../metrics/clock.js';
import type { Convention } from '../../metrics/conventions/conventions.js';
import { OUTGOING_DETAILS } from '../../metrics/conventions/semantic-recording.js';
import type { Counter } from '../../metrics/counter.js';
import type { Histogram } from '../../metrics/histogram.js';
import { instrumentationGuard } from '../../metrics/error-guards.js';
import { NO_RESPONSE } from '../../metrics/label-values.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { errorClass } from '../error-class.js';
import { methodLabel } from '../http-method.js';
import { boundedLabelValue, BoundedLabelValues } from '../../primitives/bounded-label-values.js';
import type { Guard } from '../../primitives/guard.js';
import type { OutgoingHttpMetricsOptions } from './outgoing-http.options.js';
import { OUTGOING_HTTP_METRICS } from '../../metrics/metric-names.js';
import { UNIX_SOCKET } from './request-host.js';

const SWITCHING_PROTOCOLS = 101;
/** The first status by which the other side says that it has failed. */
const FIRST_FAILURE = 500;

/** The format of error codes of the network and of undici, such as `ECONNREFUSED`. */
const ERROR_CODE = /^[A-Z][A-Z0-9_]{1,40}$/;
/** Upper limit for values of the label `error`: Node, undici and OpenSSL have a few hundred, services rarely see ten. */
const MAX_ERRORS = 50;
/** Upper limit of cached matches of `ignoreHosts`. */
const MAX_CACHED_HOSTS = 1_000;
/** Length of the longest DNS name with a port. Longer values are cut before `ignoreHosts` is applied. */
const MAX_HOST_LENGTH = 260;

type RequestLabels = 'host' | 'method' | 'status_code';

/** A request whose response, or the body of it, is to come. */
interface OpenRequest {
  readonly host: string;
  readonly method: string;
  /** The default port of its scheme; empty without details, or if the host has a port. */
  readonly port: string;
  /** Start time, in milliseconds on the monotonic clock. */
  readonly startedAt: number;
  /** The wait of the operation that sent it; undefined if no operation is recorded. */
  readonly wait: CountableWait | undefined;
  /** True once the head of its response has come. */
  isAnswered: boolean;
}

/**
 * The metrics of outgoing HTTP requests. A request is identified by its client object, is counted once, and lasts until
 * the head of its response or an error. An operation waits for it until the end of the body of its response.
 */
export class OutgoingRequestRecorder {
  /** Receives the errors of the measurement itself. */
  readonly guard: Guard;

  private readonly requests: Counter<RequestLabels>;
  private readonly seconds: Histogram<string>;
  private readonly errors: Counter<'host' | 'method' | 'error'>;

  private readonly open = new WeakMap<object, OpenRequest>();
  private readonly hosts: BoundedLabelValues;
  private readonly errorNames = new BoundedLabelValues(MAX_ERRORS);
  private readonly ignored = new Map<string, boolean>();
  private readonly ignoreHosts: readonly (string | RegExp)[];
  /** The requests that operations wait for, by host. */
  private readonly calls = new Map<string, WaitedCalls>();

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
    options: Required<OutgoingHttpMetricsOptions>,
    private readonly operations?: OperationWaits,
    /** Convention of the metrics; with any, durations also have the port and the error. @default no such details */
    private readonly convention?: Convention,
  ) {
    this.guard = instrumentationGuard(registry, 'outgoing_http');
    const labelNames = ['host', 'method', 'status_code'] as const;
    this.requests = registry.counter(
      OUTGOING_HTTP_METRICS.requests,
      'Outgoing HTTP requests, by status of the response; error if no response was received.',
      { labelNames },
    );
    this.seconds = registry.histogram<string>(
      OUTGOING_HTTP_METRICS.duration,
      'Time from the start of an outgoing HTTP request to the head of its response or to an error, in seconds.',
      {
        labelNames:
          convention === undefined ? labelNames : [...labelNames, ...Object.values(OUTGOING_DETAILS)],
        buckets: options.buckets,
      },
    );
    this.errors = registry.counter(
      OUTGOING_HTTP_METRICS.errors,
      'Outgoing HTTP requests without a response, by code or class of error.',
      { labelNames: ['host', 'method', 'error'] },
    );
    this.hosts = new BoundedLabelValues(options.maxHosts);
    this.ignoreHosts = options.ignoreHosts;
  }

  /**
   * Records the start of a request. A second call for the same request does nothing, and so does one for a request of
   * monitoring itself.
   *
   * @param requestedHost the value of the label `host`, without path, query and credentials
   * @param scheme the protocol, or a URL that begins with it; read with details only
   */
  begin(request: object, requestedHost: string, requestedMethod: string, scheme?: string | URL): void {
    if (this.open.has(request) || isOwnCall() || this.isIgnored(requestedHost)) return;
    const host = this.hosts.of(requestedHost);
    const method = methodLabel(requestedMethod);
    const startedAt = this.clock.monotonic();
    const { operations } = this;
    const wait =
      operations?.current === undefined
        ? undefined
        : operations.begin('remote', this.callsOf(host).of(method));
    const port = this.convention === undefined ? '' : defaultPortOf(host, requestedHost, scheme);
    this.open.set(request, { host, method, port, startedAt, wait, isAnswered: false });
  }

  /**
   * Records the head of a response. Ignores an interim response, a request that has ended and an unknown request. Among
   * the statuses below 200, only 101 is final.
   */
  respond(request: object, status: number): void {
    if (status < 200 && status !== SWITCHING_PROTOCOLS) return;
    const found = this.open.get(request);
    if (found === undefined || found.isAnswered) return;
    const { host, method, wait } = found;
    found.isAnswered = true;
    if (wait === undefined) this.open.delete(request);
    this.record(found, String(status), '');
    wait?.count(this.callsOf(host).of(`${method} ${status}`), status >= FIRST_FAILURE);
  }

  /** Records the end of the body of a response. Ignores a request without a response and an unknown request. */
  end(request: object): void {
    const found = this.open.get(request);
    if (found?.isAnswered !== true) return;
    this.open.delete(request);
    found.wait?.end(undefined, false);
  }

  /** Records an error, also one in the body of a response. Ignores a request that has ended and an unknown request. */
  fail(request: object, error: unknown): void {
    const found = this.open.get(request);
    if (found === undefined) return;
    this.open.delete(request);
    const { host, method, wait } = found;
    if (found.isAnswered) {
      // The application may have seen enough of the body.
      wait?.end(undefined, !isAbort(error));
      return;
    }
    const name = this.errorNames.of(errorName(error));
    this.record(found, NO_RESPONSE, name);
    this.errors.inc({ host, method, error: name });
    wait?.end(this.callsOf(host).of(`${method} ${name}`), true);
  }

  private callsOf(host: string): WaitedCalls {
    let calls = this.calls.get(host);
    if (calls === undefined) this.calls.set(host, (calls = new WaitedCalls('remote', host)));
    return calls;
  }

  private record({ host, method, port, startedAt }: OpenRequest, status: string, error: string): void {
    const labels = { host, method, status_code: status };
    this.requests.inc(labels);
    this.seconds.observe(
      this.convention === undefined ? labels : { ...labels, port, error },
      (this.clock.monotonic() - startedAt) / 1000,
    );
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

/** Returns the default port of the scheme, for a host that has a label of its own and no port in it. */
function defaultPortOf(host: string, requestedHost: string, scheme: string | URL | undefined): string {
  if (scheme === undefined || host !== requestedHost || host === UNIX_SOCKET || /:\d{1,5}$/.test(host))
    return '';
  return String(scheme).startsWith('https:') ? '443' : '80';
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

/** Returns true for the error of a request that the application has aborted. */
function isAbort(error: unknown): boolean {
  try {
    return (error as { readonly name?: unknown }).name === 'AbortError';
  } catch {
    return false;
  }
}
