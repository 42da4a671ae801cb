import { authorizationOf } from '../../primitives/authorization.js';
import { networkErrorCode } from '../../primitives/network-error-code.js';
import type { ResolvedDashboardPrometheus } from '../dashboard.options.js';
import {
  errorTypeOf,
  InvalidAnswerError,
  LargeAnswerError,
  type PrometheusSeries,
  readAnswer,
} from './prometheus-answer.js';
import { PrometheusError, type PrometheusFailure } from './prometheus.error.js';
import type { PrometheusRecorder } from './prometheus-metrics.js';

/** A query at one time, or at several at equal distances. All times are in milliseconds since the Unix epoch. */
export interface PrometheusQuery {
  readonly promql: string;
  readonly start: number;
  readonly end: number;
  /** Distance of the times, in milliseconds; 0 for a query at the end alone. */
  readonly stepMs: number;
  /** True for a query at the time that Prometheus has, whose clock may differ, in place of the end. @default false */
  readonly isAtItsTime?: boolean;
}

/** Runs work whose requests are those of monitoring itself. */
export type OwnCall = <T>(work: () => Promise<T>) => Promise<T>;

/** The most queries at the same time, and the most that wait. */
const MAX_IN_FLIGHT = 4;
const MAX_WAITING = 200;
/** The longest answer, which takes about 5 ms to parse. */
const MAX_BYTES = 512 * 1024;
/** The part of the answer to a failed query that is read, for the kind of its error. */
const MAX_ERROR_BYTES = 16 * 1024;
/** Statuses of 4xx that are about one query: invalid, too large, or beyond a limit of Prometheus. */
const ABOUT_QUERY = [400, 413, 414, 422];

/** Advice about some statuses. */
const HINTS: Readonly<Record<number, string>> = {
  401: ', since it wants other credentials; see dashboard.prometheus',
  403: ', since it wants other credentials; see dashboard.prometheus',
  404: ', so dashboard.prometheus.url may lack a path',
};

/** A client of the HTTP API of Prometheus, which asks a bounded number of queries at the same time. */
export class PrometheusClient {
  /** Host and port, which are no secret. */
  readonly host: string;
  readonly #headers: Readonly<Record<string, string>>;
  private readonly base: string;
  private inFlight = 0;
  private readonly waiting: (() => void)[] = [];

  /**
   * @param closed aborted when the application ends, which does not wait for queries
   * @param asOwnCall runs a request of monitoring itself, which is no outgoing request of the application
   */
  constructor(
    options: ResolvedDashboardPrometheus,
    private readonly recorder: PrometheusRecorder,
    private readonly closed: AbortSignal,
    private readonly monotonic: () => number = () => performance.now(),
    private readonly asOwnCall: OwnCall = (work) => work(),
  ) {
    this.base = options.url;
    this.host = new URL(options.url).host;
    this.#headers = { ...options.headers, ...authorizationOf(options) };
  }

  /**
   * Asks one query, once fewer than {@link MAX_IN_FLIGHT} others are asked.
   *
   * @param signal aborted at the deadline
   * @throws {PrometheusError}
   */
  async ask(query: PrometheusQuery, timeoutMs: number, signal: AbortSignal): Promise<PrometheusSeries[]> {
    await this.turn(signal);
    const startedAt = this.monotonic();
    const seconds = (): number => Math.max(0, this.monotonic() - startedAt) / 1000;
    try {
      const answer = await this.asOwnCall(() =>
        this.send(query, timeoutMs, AbortSignal.any([signal, this.closed])),
      );
      this.recorder.answered(seconds());
      return answer;
    } catch (error) {
      const known = error instanceof PrometheusError ? error : this.failure('invalid', 'sent no answer');
      this.recorder.failed(known.failure, seconds());
      throw known;
    } finally {
      this.inFlight--;
      this.waiting.shift()?.();
    }
  }

  /** Waits until a query may be sent, and counts it as in flight. */
  private async turn(signal: AbortSignal): Promise<void> {
    if (this.inFlight >= MAX_IN_FLIGHT) {
      if (this.waiting.length >= MAX_WAITING) {
        this.recorder.failed('busy', 0);
        throw this.failure('busy', `has ${MAX_WAITING} queries of the dashboard waiting`);
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    this.inFlight++;
    if (!signal.aborted) return;
    // The deadline has passed in the queue: the turn goes to the next one.
    this.inFlight--;
    this.waiting.shift()?.();
    throw this.failure('timeout', 'did not answer in time');
  }

  private async send(
    { promql, start, end, stepMs, isAtItsTime = false }: PrometheusQuery,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<PrometheusSeries[]> {
    const form = new URLSearchParams({ query: promql, timeout: `${Math.ceil(timeoutMs)}ms` });
    if (stepMs === 0) {
      if (!isAtItsTime) form.set('time', String(end / 1000));
    } else {
      form.set('start', String(start / 1000));
      form.set('end', String(end / 1000));
      form.set('step', String(stepMs / 1000));
    }
    const cancel = new AbortController();
    try {
      const response = await fetch(`${this.base}/api/v1/${stepMs === 0 ? 'query' : 'query_range'}`, {
        method: 'POST',
        headers: {
          ...this.#headers,
          'content-type': 'application/x-www-form-urlencoded',
          // An uncompressed body cannot expand in memory.
          'accept-encoding': 'identity',
        },
        body: form.toString(),
        signal: AbortSignal.any([signal, cancel.signal]),
        // A redirect could send credentials elsewhere.
        redirect: 'manual',
      });
      const { status } = response;
      const { text, isWhole } = await textOf(response, status === 200 ? MAX_BYTES : MAX_ERROR_BYTES);
      if (status !== 200) throw this.refusal(status, text);
      if (!isWhole) throw this.tooLarge();
      return readAnswer(text);
    } catch (error) {
      throw this.known(error, timeoutMs, signal);
    } finally {
      cancel.abort();
    }
  }

  private known(error: unknown, timeoutMs: number, signal: AbortSignal): PrometheusError {
    if (error instanceof PrometheusError) return error;
    if (error instanceof LargeAnswerError) return this.tooLarge();
    if (error instanceof InvalidAnswerError) return this.failure('invalid', 'sent no answer of Prometheus');
    if (signal.aborted) return this.failure('timeout', `did not answer within ${timeoutMs / 1000} s`);
    return this.failure('unreachable', `cannot be reached (${networkErrorCode(error) ?? 'no response'})`);
  }

  private refusal(status: number, text: string): PrometheusError {
    const errorType = errorTypeOf(text);
    const kind = errorType === undefined ? (HINTS[status] ?? '') : ` (${errorType})`;
    return this.failure(
      status >= 500 ? 'failed' : 'refused',
      `responded with status ${status}${kind}`,
      ABOUT_QUERY.includes(status),
    );
  }

  private tooLarge(): PrometheusError {
    return this.failure('too large', `sent more than ${MAX_BYTES / 1024} KiB for one query`, true);
  }

  private failure(failure: PrometheusFailure, predicate: string, isAboutQuery = false): PrometheusError {
    return new PrometheusError(failure, `Prometheus at ${this.host} ${predicate}`, isAboutQuery);
  }
}

/** Reads a body up to a number of bytes; the rest is not received. */
async function textOf(response: Response, maxBytes: number): Promise<{ text: string; isWhole: boolean }> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    length += piece.length;
    if (length > maxBytes) return { text: '', isWhole: false };
    pieces.push(piece);
  }
  return { text: Buffer.concat(pieces).toString('utf8'), isWhole: true };
}
