import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
// Fake timers replace only the global function; with that one, close() would wait for ever.
import { setImmediate } from 'node:timers';
import { listenTo } from '../primitives/emitter-listener.js';
import type { Guard } from '../primitives/guard.js';
import type { HealthLogger } from './health.monitor.js';
import type { DrainOptions } from './health.options.js';
import { OpenConnections } from './open-connections.js';
import { unref } from '../primitives/unref.js';

const POLL_INTERVAL_MS = 20;

/**
 * A graceful shutdown of an HTTP server, without lost requests. Each response asks its client to close the connection.
 * 1. The server accepts requests for `delayMs` while readiness fails, so that load balancers stop sending them.
 * 2. It accepts no new connections, and waits for requests in flight up to `timeoutMs`. At that deadline, all
 *    connections are closed.
 * 3. Once the application closes the server, event streams and web sockets are closed, since they never end.
 */
export class HttpDrain {
  private readonly connections: OpenConnections;
  /** The last response of each connection that asks its client to close it. */
  private readonly lastResponses = new WeakMap<Socket, ServerResponse>();
  private stopEnding: (() => void) | undefined;
  private isAborted = false;
  private wake: (() => void) | undefined;
  private deadlineTimer: NodeJS.Timeout | undefined;
  private releaseTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly server: Server,
    private readonly options: DrainOptions,
    private readonly logger: HealthLogger,
    private readonly guard: Guard,
  ) {
    this.connections = new OpenConnections(server, guard);
    this.connections.watch();
  }

  /** True if the server is listening: otherwise there is nothing to drain. */
  get isListening(): boolean {
    return this.server.listening;
  }

  /**
   * Asks clients to open a new connection for their next request, since a connection that is closed while a request is
   * on its way loses that request. Resolves when the requests that had already arrived have been read.
   */
  async endConnections(): Promise<void> {
    for (const response of this.connections.lastResponses()) this.endConnection(response.req, response);
    const { server, guard } = this;
    this.stopEnding = listenTo(server, 'request', guard, this.endConnection, { first: true });
    await untilArrivedDataIsRead();
  }

  /** Runs the first two steps. */
  async run(): Promise<void> {
    const { delayMs, timeoutMs } = this.options;
    this.logger.log(
      `Draining: accepting requests for ${delayMs / 1000} s, then waiting up to ${timeoutMs / 1000} s for requests in flight`,
    );
    await this.pause(delayMs);
    await untilArrivedDataIsRead();
    // This also closes idle connections.
    this.server.close();
    const deadline = performance.now() + timeoutMs;
    this.deadlineTimer = unref(setTimeout(() => this.connections.closeAll(), timeoutMs));
    while (this.requestsLeft() > 0 && performance.now() < deadline && !this.isAborted) {
      await this.pause(POLL_INTERVAL_MS);
    }
    const inFlight = this.connections.requestsInFlight();
    if (inFlight > 0) {
      this.logger.warn(`Draining: aborting ${inFlight} ${inFlight === 1 ? 'request' : 'requests'} in flight`);
    }
    if (this.isAborted || performance.now() >= deadline) this.connections.closeAll();
  }

  /**
   * Closes the connections that would keep the server open, once the application closes it: idle ones, event streams,
   * web sockets, and incomplete requests that receive no data for `timeoutMs`.
   */
  release(): void {
    if (this.releaseTimer !== undefined) return;
    let stalledAt = performance.now();
    const close = (): void => {
      // Some adapters close the server a moment later.
      if (this.server.listening) return;
      this.connections.closeIdle();
      this.connections.closeEndless();
      if (performance.now() >= stalledAt) {
        this.connections.closeStalled();
        stalledAt += this.options.timeoutMs;
      }
      if (this.connections.isEmpty) clearInterval(this.releaseTimer);
    };
    this.releaseTimer = unref(setInterval(close, POLL_INTERVAL_MS));
    close();
  }

  /** Ends the drain at once, and closes all connections. */
  abort(): void {
    this.isAborted = true;
    this.wake?.();
  }

  /** Removes all timers and listeners. */
  stop(): void {
    clearTimeout(this.deadlineTimer);
    clearInterval(this.releaseTimer);
    this.connections.unwatch();
    this.stopEnding?.();
  }

  private requestsLeft(): number {
    this.connections.closeIdle();
    return this.connections.requestsInFlight() + this.connections.incompleteRequests();
  }

  /** Waits. The timer keeps the process alive, since the rest of the drain must run. */
  private async pause(ms: number): Promise<void> {
    if (this.isAborted) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }

  /** Ends a connection with a response, unless a pipelined request follows. HTTP/2 has no such header. */
  private readonly endConnection = (
    { httpVersionMajor, socket }: IncomingMessage,
    response: ServerResponse,
  ): void => {
    if (httpVersionMajor >= 2) return;
    const previous = this.lastResponses.get(socket);
    if (previous?.headersSent === false) previous.removeHeader('connection');
    if (response.headersSent) return;
    response.setHeader('connection', 'close');
    this.lastResponses.set(socket, response);
  };
}

/** Waits for one whole turn of the event loop, in which Node.js reads every connection that has data. */
async function untilArrivedDataIsRead(): Promise<void> {
  // The first one may be called in the current turn, after some connections have been read.
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}
