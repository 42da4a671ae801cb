import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { HealthLogger } from './health.monitor.js';
import type { DrainOptions } from './health.options.js';
import { OpenConnections } from './open-connections.js';

const POLL_MS = 20;

/**
 * Lets an HTTP server go without losing a request: it serves on while whoever sends requests learns that it should
 * not, then takes no connections any more, and then waits for the requests that are under way. What never ends by
 * itself is closed when the application closes its server, and everything at the deadline, so that the server always
 * ends.
 */
export class HttpDrain {
  private readonly connections: OpenConnections;
  private hurried = false;
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

  /** Whether there is anything to drain. */
  get isListening(): boolean {
    return this.server.listening;
  }

  async run(): Promise<void> {
    const { delayMs, timeoutMs } = this.options;
    this.logger.log(`Draining: serving for another ${delayMs} ms, then requests have ${timeoutMs} ms to end`);
    this.server.prependListener('request', endConnection);
    await this.pause(delayMs);
    // Connections on which nothing goes on are closed by this, too.
    this.server.close();
    const deadline = performance.now() + timeoutMs;
    this.deadlineTimer = setTimeout(() => this.connections.closeAll(), timeoutMs).unref();
    while (this.requestsLeft() > 0 && performance.now() < deadline && !this.hurried)
      await this.pause(POLL_MS);
    const left = this.connections.requestsUnderWay();
    if (left > 0) this.logger.warn(`Draining: ${left} requests did not end in time and are broken off`);
    if (this.hurried || performance.now() >= deadline) this.connections.closeAll();
  }

  /**
   * The application closes its server: nothing but a request keeps it open from now on, and no request that stays
   * incomplete and of which nothing comes for the time of a drain.
   */
  release(): void {
    if (this.releaseTimer !== undefined) return;
    let stalledAt = performance.now();
    const close = (): void => {
      // Some adapters close it a moment later.
      if (this.server.listening) return;
      this.connections.closeIdle();
      this.connections.closeEndless();
      if (performance.now() >= stalledAt) {
        this.connections.closeStalled();
        stalledAt += this.options.timeoutMs;
      }
      if (this.connections.isEmpty) clearInterval(this.releaseTimer);
    };
    this.releaseTimer = setInterval(close, POLL_MS).unref();
    close();
  }

  /** Ends the drain at once. */
  hurry(): void {
    this.hurried = true;
    this.wake?.();
  }

  /** Forgets the server. */
  stop(): void {
    clearTimeout(this.deadlineTimer);
    clearInterval(this.releaseTimer);
    this.connections.unwatch();
    this.server.removeListener('request', endConnection);
  }

  private requestsLeft(): number {
    this.connections.closeIdle();
    return this.connections.requestsUnderWay() + this.connections.incompleteRequests();
  }

  /** The timer keeps the process alive: what comes after must happen. */
  private async pause(ms: number): Promise<void> {
    if (this.hurried) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }
}

/** Tells the client to send its next request elsewhere. HTTP/2 has no such header. */
function endConnection({ httpVersionMajor }: IncomingMessage, response: ServerResponse): void {
  if (httpVersionMajor < 2 && !response.headersSent) response.setHeader('connection', 'close');
}
