import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Statistics } from './statistics.js';

/** Thrown instead of sending a request once the load is over. */
export class LoadIsOver extends Error {}

export interface LoadRequest {
  /** Values for the parameters of the route. */
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: object;
  /** Whether to send the key that payments want. */
  readonly authorised?: boolean;
  /** The route that the server will take it for, if it is not the one that is asked for. */
  readonly servedBy?: string;
}

export interface LoadResponse {
  readonly statusCode: number;
  readonly body: string;
}

/** A busy machine under load answers late; one that has not answered by then does not. */
const TIMEOUT_MS = 120_000;

/** Sends requests by route template and counts what comes back. */
export class LoadClient {
  // Given up before the server gives up idle connections, which it does after 5 s.
  private readonly agent = new Agent({ keepAlive: true, timeout: 3_000 });

  /** @param mayGoOn asked once for each request, before it is sent */
  constructor(
    private readonly url: URL,
    private readonly apiKey: string,
    private readonly statistics: Statistics,
    private readonly mayGoOn: () => boolean,
  ) {}

  get(route: string, options: LoadRequest = {}): Promise<LoadResponse> {
    return this.send('GET', route, options);
  }

  post(route: string, options: LoadRequest = {}): Promise<LoadResponse> {
    return this.send('POST', route, options);
  }

  send(method: string, route: string, options: LoadRequest = {}): Promise<LoadResponse> {
    return this.receive(method, route, options, AbortSignal.timeout(TIMEOUT_MS));
  }

  /** Asks, and goes away before there can be an answer. */
  async giveUp(method: string, route: string, afterMs: number): Promise<void> {
    const startedAt = performance.now();
    const enough = AbortSignal.timeout(afterMs);
    try {
      await this.receive(method, route, {}, enough);
    } catch (error) {
      if (!enough.aborted) throw error;
      this.statistics.gaveUp(method, route, secondsSince(startedAt));
    }
  }

  /** Follows a stream of events for a moment. */
  async follow(route: string, forMs: number): Promise<void> {
    const startedAt = performance.now();
    const response = await this.open('GET', route, {}, AbortSignal.timeout(TIMEOUT_MS));
    response.resume();
    await sleep(forMs);
    response.destroy();
    this.statistics.answered('GET', route, response.statusCode ?? 0, secondsSince(startedAt));
  }

  close(): void {
    this.agent.destroy();
  }

  private async receive(
    method: string,
    route: string,
    options: LoadRequest,
    signal: AbortSignal,
  ): Promise<LoadResponse> {
    const startedAt = performance.now();
    const response = await this.open(method, route, options, signal);
    response.setEncoding('utf8');
    let body = '';
    for await (const chunk of response) body += String(chunk);
    const statusCode = response.statusCode ?? 0;
    this.statistics.answered(method, options.servedBy ?? route, statusCode, secondsSince(startedAt));
    return { statusCode, body };
  }

  private open(
    method: string,
    route: string,
    sent: LoadRequest,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { params, query, body, authorised } = sent;
    if (!this.mayGoOn()) throw new LoadIsOver();
    const url = new URL(pathOf(route, params), this.url);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, String(value));
    const json = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const outgoing = request(url, {
        method,
        agent: this.agent,
        signal,
        headers: {
          ...(authorised && { 'x-api-key': this.apiKey }),
          ...(json !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(json),
          }),
        },
      });
      // The server may have closed a connection that was idle while this request was on its way.
      const again = (): void => void this.open(method, route, sent, signal).then(resolve, reject);
      outgoing
        .on('response', resolve)
        .on('error', (error: NodeJS.ErrnoException) =>
          outgoing.reusedSocket && error.code === 'ECONNRESET' ? again() : reject(error),
        )
        .end(json);
    });
  }
}

/** Fills in the parameters of a route template. */
function pathOf(route: string, params: LoadRequest['params'] = {}): string {
  return route.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000;
}
