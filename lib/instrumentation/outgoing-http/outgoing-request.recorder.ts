import type { Clock } from '../../metrics/clock.js';
import type { Counter } from '../../metrics/counter.js';
import type { Histogram } from '../../metrics/histogram.js';
import { instrumentationGuard } from '../../metrics/error-reports.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { errorClass } from '../error-class.js';
import { boundedLabelValue, LabelValues } from '../../primitives/label-values.js';
import type { Guard } from '../../primitives/guard.js';
import type { OutgoingHttpOptions } from './outgoing-http.options.js';

/** Methods that have a label value of their own: those of RFC 9110 and PATCH. */
const KNOWN_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'];
const OTHER_METHOD = 'OTHER';

const SWITCHING_PROTOCOLS = 101;

/** The `status_code` of a request that has got no response. */
const NO_RESPONSE = 'error';

/** How errors of the network and of undici say what they are. */
const ERROR_CODE = /^[A-Z][A-Z0-9_]{1,40}$/;
/** Node, undici and OpenSSL together have some hundred; a service rarely sees ten. */
const MAX_ERRORS = 50;
/** Hosts that are remembered as ignored or not, so that random ones do not fill the memory. */
const MAX_REMEMBERED_HOSTS = 1_000;
/** The longest name of DNS with a port. What is longer is no host, and is looked at no further. */
const MAX_HOST_LENGTH = 260;

type RequestLabels = 'host' | 'method' | 'status_code';

/** A request that has no response yet. */
interface OpenRequest {
  readonly host: string;
  readonly method: string;
  /** Milliseconds on the monotonic clock. */
  readonly startedAt: number;
}

/**
 * Counts and times outgoing HTTP requests, each once, until the head of the response or an error. Requests are told
 * apart by the object that the client has for each.
 */
export class OutgoingRequestRecorder {
  /** Keeps errors of ours out of the requests of the application. */
  readonly guard: Guard;

  private readonly requests: Counter<RequestLabels>;
  private readonly seconds: Histogram<RequestLabels>;
  private readonly errors: Counter<'host' | 'method' | 'error'>;

  private readonly open = new WeakMap<object, OpenRequest>();
  private readonly hosts: LabelValues;
  private readonly errorNames = new LabelValues(MAX_ERRORS);
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
      'http_client_requests_total',
      'Outgoing HTTP requests, by status of the response; error if there was none.',
      { labelNames },
    );
    this.seconds = registry.histogram(
      'http_client_request_duration_seconds',
      'Time from the start of an outgoing HTTP request to the head of its response, or to its error.',
      { labelNames, buckets: options.buckets },
    );
    this.errors = registry.counter(
      'http_client_errors_total',
      'Outgoing HTTP requests that got no response, by code or class of error.',
      { labelNames: ['host', 'method', 'error'] },
    );
    this.hosts = new LabelValues(options.maxHosts);
    this.ignoreHosts = options.ignoreHosts;
  }

  /**
   * The second call for the same request does nothing.
   *
   * @param host as it is to be seen, without path, query and credentials
   */
  begin(request: object, host: string, method: string): void {
    if (this.open.has(request) || this.isIgnored(host)) return;
    this.open.set(request, {
      host: this.hosts.of(host),
      method: KNOWN_METHODS.includes(method) ? method : OTHER_METHOD,
      startedAt: this.clock.monotonic(),
    });
  }

  /**
   * Does nothing for a request that is unknown, or over, nor for an interim response, which another follows: of all
   * below 200, only 101 is the last.
   */
  respond(request: object, status: number): void {
    if (status < 200 && status !== SWITCHING_PROTOCOLS) return;
    const found = this.finish(request);
    if (found !== undefined) this.record(found, String(status));
  }

  /** Does nothing for a request that is unknown, or over. */
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

  private isIgnored(given: string): boolean {
    if (this.ignoreHosts.length === 0) return false;
    const host = boundedLabelValue(given, MAX_HOST_LENGTH);
    let ignored = this.ignored.get(host);
    if (ignored === undefined) {
      ignored = this.ignoreHosts.some((pattern) =>
        typeof pattern === 'string' ? pattern.toLowerCase() === host : host.search(pattern) >= 0,
      );
      if (this.ignored.size < MAX_REMEMBERED_HOSTS) this.ignored.set(host, ignored);
    }
    return ignored;
  }
}

/** `ECONNREFUSED`, or the class where there is no code: `TimeoutError`, `AbortError`. */
function errorName(error: unknown): string {
  try {
    const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
    if (typeof code === 'string' && ERROR_CODE.test(code)) return code;
    // What aborts a request is a DOMException, whose name says why.
    if (error instanceof DOMException && typeof name === 'string') return name;
  } catch {
    // Not even undefined has properties.
  }
  return errorClass(error);
}
