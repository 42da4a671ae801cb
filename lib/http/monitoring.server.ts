import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { MonitoringOptionsError } from '../options/option-checks.js';
import { type EndpointReply, jsonReply } from './endpoint.js';
import type { Respond } from './mount.js';
import { type MountedEndpoint, RouteTable } from './route-table.js';
import { sendReply } from './send-reply.js';

/** Where the monitoring endpoints listen, apart from the application. */
export interface ListenOptions {
  /** 0 is any port that is free, which `MonitoringServer.port` tells. */
  readonly port: number;
  /** @default '127.0.0.1', which only this machine, or this pod, reaches */
  readonly host?: string;
}

/** Requests are small: who takes longer to send one is not a scraper. */
const REQUEST_TIMEOUT_MS = 10_000;
/** What is still being answered when the application has ended is given so long. */
const LAST_ANSWERS_MS = 1_000;

const WHAT_TO_DO: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Something listens there already. Choose another port, or 0 for any that is free.',
  EACCES: 'This process may not listen there. Choose a port above 1023.',
  EADDRNOTAVAIL: 'This machine does not have that address. Choose one that it has, or 0.0.0.0 for all.',
  ENOTFOUND: 'That name has no address. Choose one of this machine, or 0.0.0.0 for all.',
};

/**
 * The server of the monitoring endpoints where `endpoints.listen` gives them one of their own. It never keeps the
 * process alive by itself.
 */
export class MonitoringServer {
  private server: Server | undefined;

  /** Where it listens; undefined while it does not. */
  get port(): number | undefined {
    return this.address()?.port;
  }

  /** Where it listens, such as `http://127.0.0.1:9464`; undefined while it does not. */
  get url(): string | undefined {
    const address = this.address();
    if (address === undefined) return undefined;
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `http://${host}:${address.port}`;
  }

  /** @throws {MonitoringOptionsError} if it cannot listen there */
  async start(
    { port, host = '127.0.0.1' }: ListenOptions,
    endpoints: readonly MountedEndpoint[],
    respond: Respond,
  ): Promise<void> {
    const table = new RouteTable();
    for (const mounted of endpoints) table.add(mounted);
    const server = createServer(
      { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS },
      (request, response) =>
        void answer(table, respond, request, response).then((reply) => sendReply(response, reply)),
    );
    server.on('connection', (socket: Socket) => socket.unref());
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          new MonitoringOptionsError(
            `Expected endpoints.listen to be where the process can listen, got port ${port} of ${host} (${error.code}). ${WHAT_TO_DO[error.code ?? ''] ?? error.message}`,
          ),
        ),
      );
      server.listen({ port, host }, resolve);
    });
    this.server = server.unref();
  }

  /** Answers what is being asked, and listens no more. */
  async stop(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    const timer = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS);
    await new Promise((resolve) => server.close(resolve));
    clearTimeout(timer);
  }

  private address(): AddressInfo | undefined {
    return (this.server?.address() ?? undefined) as AddressInfo | undefined;
  }
}

async function answer(
  table: RouteTable,
  respond: Respond,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<EndpointReply> {
  const endpoint = table.find(request.method, request.url);
  if (endpoint !== undefined) return respond(endpoint, request, response, [request, response]);
  const allow = table.allowed(request.url);
  if (allow === undefined) return jsonReply(404, { statusCode: 404, message: 'Not Found' });
  const refused = jsonReply(405, { statusCode: 405, message: 'Method Not Allowed' });
  return { ...refused, headers: { ...refused.headers, allow } };
}
