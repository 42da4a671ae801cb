import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';
import { OperationRecorder } from '../instrumentation/requests/operation.recorder.js';
import type { RecordedCall, RequestRecord } from '../instrumentation/requests/request-record.js';
import { MetricAssertionError } from './metric-assertion.error.js';

/** The used part of an application of Nest. */
export interface TestedApplication {
  /** Returns a provider. */
  get<T>(token: unknown, options: { readonly strict: false }): T;
  /** Returns the HTTP server. */
  getHttpServer(): unknown;
}

/** The request of a {@link RequestExpectation}, besides its method and path. */
export interface ExpectedRequest {
  /** A body to send as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Longest wait for the record after the response, in milliseconds. */
const RECORD_TIMEOUT_MS = 2_000;
const POLL_MS = 5;

/** The requests of one application run one after the other, so that each record is that of its request. */
const lastRequests = new WeakMap<TestedApplication, Promise<unknown>>();

/**
 * Returns expectations of what a request to an application does. The application must have been initialized; it need not
 * listen.
 *
 * ```ts
 * await expectRequest(app).get('/deals').toQueryAtMost(3);
 * await expectRequest(app).post('/deals', { body: { name: 'One' } }).toHaveNoRepeatedQueries();
 * ```
 */
export function expectRequest(app: TestedApplication): RequestMethods {
  const of =
    (method: string) =>
    (path: string, request: ExpectedRequest = {}) =>
      new RequestExpectation(app, method, path, request);
  return { get: of('GET'), post: of('POST'), put: of('PUT'), patch: of('PATCH'), delete: of('DELETE') };
}

/** The methods of a request, each with a path that may have a query string. */
export type RequestMethods = Readonly<
  Record<
    'get' | 'post' | 'put' | 'patch' | 'delete',
    (path: string, request?: ExpectedRequest) => RequestExpectation
  >
>;

/** Expectations of one request. Each of them sends the request once. */
export class RequestExpectation {
  /** @internal */
  constructor(
    private readonly app: TestedApplication,
    private readonly method: string,
    private readonly path: string,
    private readonly request: ExpectedRequest,
  ) {}

  /**
   * Expects that the request sends no more than this number of statements to databases.
   *
   * @throws {MetricAssertionError} that names the statements and the lines that sent them
   */
  async toQueryAtMost(max: number): Promise<void> {
    const record = await this.record();
    const queries = record.calls.filter(({ part }) => part === 'database');
    const { omittedCalls } = record;
    const count = queries.reduce((sum, call) => sum + call.count, omittedCalls);
    if (count <= max) return;
    const omitted = omittedCalls === 0 ? '' : `\n  ${omittedCalls} × others`;
    throw new MetricAssertionError(
      `Expected ${record.name} to send at most ${max} statements; it sent ${count}:\n${listOf(queries)}${omitted}`,
      this['toQueryAtMost'],
    );
  }

  /**
   * Expects that the request makes no N+1: not as many equal calls as the option `requests.records.repeatedCalls` says.
   *
   * @throws {MetricAssertionError} that names the calls and the lines that made them
   */
  async toHaveNoRepeatedQueries(): Promise<void> {
    const record = await this.record();
    const repeated = record.calls.filter(({ isRepeated }) => isRepeated);
    if (repeated.length === 0) return;
    throw new MetricAssertionError(
      `Expected ${record.name} to repeat no query:\n${listOf(repeated)}`,
      this['toHaveNoRepeatedQueries'],
    );
  }

  /** Sends the request and returns its record. @throws {Error} if requests are not recorded */
  async record(): Promise<RequestRecord> {
    const previous = lastRequests.get(this.app) ?? Promise.resolve();
    const current = previous.then(
      () => this.send(),
      () => this.send(),
    );
    lastRequests.set(this.app, current);
    return current;
  }

  private async send(): Promise<RequestRecord> {
    const recorder = this.app.get<OperationRecorder | null>(OperationRecorder, { strict: false });
    if (recorder === null) {
      throw new Error(
        'Requests are not recorded. Import MonitoringModule with `enabled`, `http` and `requests.records` on.',
      );
    }
    const records: RequestRecord[] = [];
    const stop = recorder.observe((record) => records.push(record));
    try {
      await exchange(this.app, this.method, this.path, this.request);
      const deadline = Date.now() + RECORD_TIMEOUT_MS;
      while (Date.now() < deadline) {
        const [first] = records
          // A failure is recorded without its calls if it was not sampled.
          .filter(({ kind, isSampled }) => kind === 'http' && isSampled)
          .toSorted((a, b) => (a.id < b.id ? -1 : 1));
        // A request that the handler itself sent to the application may have ended earlier.
        if (first !== undefined && first.method === this.method) return first;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    } finally {
      stop();
    }
    throw new Error(
      `${this.method} ${this.path} was not recorded: its route may be in \`http.ignoreRoutes\`, or \`requests.records.sampleRate\` is not 1.`,
    );
  }
}

/** Sends a request to the server of an application, which is opened for it unless it listens, and reads the response. */
async function exchange(
  app: TestedApplication,
  method: string,
  path: string,
  { body, headers }: ExpectedRequest,
): Promise<void> {
  const server = app.getHttpServer() as Server;
  const isOpen = server.listening;
  if (!isOpen) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      method,
      path,
      agent: false,
      headers: {
        ...(text !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
        }),
        ...headers,
      },
    });
    request.end(text);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await finished(response.resume());
  } finally {
    if (!isOpen) await new Promise((resolve) => server.close(resolve));
  }
}

function listOf(calls: readonly RecordedCall[]): string {
  return calls
    .map(
      ({ count, system, name, site }) =>
        `  ${count} × ${system}: ${name}${site === undefined ? '' : `\n      at ${site}`}`,
    )
    .join('\n');
}
