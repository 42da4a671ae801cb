import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { HealthLogger } from './health.monitor.js';
import type { DrainOptions } from './health.options.js';
import { OpenConnections } from './open-connections.js';

const POLL_INTERVAL_MS = 20;

/**
 * A graceful shutdown of an HTTP server, without lost requests:
 * 1. The server accepts requests for `delayMs` while readiness fails, so that load balancers stop sending them.
 * 2. It accepts no new connections, and waits for requests in flight up to `timeoutMs`. At that deadline, all
 *    connections are closed.
 * 3. Once the application closes the server, event streams and web sockets are closed, since they never end.
 */
export class HttpDrain {
  private readonly connections: OpenConnections;
  private isAborted = false;
  private wake: (() => void) | undefined;
  private deadlineTimer: NodeJS.Timeout | undefined;
  private releaseTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly server: Server,
    private readonly options: DrainOptions,
    private readonly logger: HealthLogger,
  ) {
    this.connections = new OpenConnections(server);
    this.connections.watch();
  }

  /** True if the server is listening: otherwise there is nothing to drain. */
  get isListening(): boolean {
    return this.server.listening;
  }

  /** Runs the first two steps. */
  async run(): Promise<void> {
    const { delayMs, timeoutMs } = this.options;
    this.logger.log(
      `Draining: accepting requests for ${delayMs / 1000} s, then waiting up to ${timeoutMs / 1000} s for requests in flight`,
    );
    this.server.prependListener('request', endConnection);
    await this.pause(delayMs);
    // This also closes idle connections.
    this.server.close();
    const deadline = performance.now() + timeoutMs;
    this.deadlineTimer = setTimeout(() => this.connections.closeAll(), timeoutMs).unref();
    while (this.requestsLeft() > 0 && performance.now() < deadline && !this.isAborted)
      await this.pause(POLL_INTERVAL_MS);
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
    this.releaseTimer = setInterval(close, POLL_INTERVAL_MS).unref();
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
    this.server.removeListener('request', endConnection);
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
}

/** Asks the client to open a new connection for its next request. HTTP/2 has no such header. */
function endConnection({ httpVersionMajor }: IncomingMessage, response: ServerResponse): void {
  if (httpVersionMajor < 2 && !response.headersSent) response.setHeader('connection', 'close');
}
