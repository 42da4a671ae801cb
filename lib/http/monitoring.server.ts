import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { MonitoringOptionsError } from '../options/option-checks.js';
import { type EndpointReply, errorReply } from './endpoint.js';
import type { Respond } from './mount.js';
import { type MountedEndpoint, RouteTable } from './route-table.js';
import { sendReply } from './send-reply.js';

/** The address of the separate server of the monitoring endpoints. */
export interface EndpointsListenOptions {
  /** Port to listen on; 0 for any free port, see `MonitoringServer.port`. */
  readonly port: number;
  /** Address or host name to listen on. @default '127.0.0.1', reachable from this machine or pod only */
  readonly host?: string;
}

/** Time limit for receiving a request, in milliseconds; requests are small. */
const REQUEST_TIMEOUT_MS = 10_000;
/** Time limit for responses in progress when the server stops, in milliseconds. */
const DRAIN_TIMEOUT_MS = 1_000;

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'The port is in use. Choose another port, or 0 for any free port.',
  EACCES: 'The process has no permission for this port. Choose a port above 1023.',
  EADDRNOTAVAIL: 'The address does not belong to this machine. Choose one that does, or 0.0.0.0 for all.',
  ENOTFOUND: 'The host name cannot be resolved. Choose an address of this machine, or 0.0.0.0 for all.',
};

/** The separate server of the monitoring endpoints, for `endpoints.listen`. It does not keep the process alive. */
export class MonitoringServer {
  private server: Server | undefined;

  /** The port on which the server listens; undefined while it does not. */
  get port(): number | undefined {
    return this.address()?.port;
  }

  /** The URL of the server, such as `http://127.0.0.1:9464`; undefined while it does not listen. */
  get url(): string | undefined {
    const address = this.address();
    if (address === undefined) return undefined;
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `http://${host}:${address.port}`;
  }

  /** Starts to listen. @throws {MonitoringOptionsError} if it cannot listen on the address */
  async start(
    { port, host = '127.0.0.1' }: EndpointsListenOptions,
    endpoints: readonly MountedEndpoint[],
    respond: Respond,
  ): Promise<void> {
    const table = new RouteTable();
    for (const mounted of endpoints) table.add(mounted);
    const server = createServer(
      { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS },
      (request, response) =>
        void replyTo(table, respond, request, response).then((reply) => sendReply(response, reply)),
    );
    server.on('connection', (socket: Socket) => socket.unref());
    await new Promise<void>((resolve, reject) => {
      // Stays: a connection that cannot be accepted, as without a free file descriptor, is an error of the server too.
      server.on('error', (error: NodeJS.ErrnoException) =>
        reject(
          new MonitoringOptionsError(
            `\`endpoints.listen\` must be an address on which the process can listen; got port ${port} of ${host} (${error.code}). ${ADVICE[error.code ?? ''] ?? error.message}`,
          ),
        ),
      );
      server.listen({ port, host }, resolve);
    });
    this.server = server.unref();
  }

  /** Stops listening and waits for responses in progress. */
  async stop(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    const timer = setTimeout(() => server.closeAllConnections(), DRAIN_TIMEOUT_MS);
    await new Promise((resolve) => server.close(resolve));
    clearTimeout(timer);
  }

  private address(): AddressInfo | undefined {
    return (this.server?.address() ?? undefined) as AddressInfo | undefined;
  }
}

async function replyTo(
  table: RouteTable,
  respond: Respond,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<EndpointReply> {
  const endpoint = table.find(request.method, request.url);
  if (endpoint !== undefined) return respond(endpoint, request, response, [request, response]);
  const allow = table.allowed(request.url);
  if (allow === undefined) return errorReply(404, 'Not Found');
  const refusal = errorReply(405, 'Method Not Allowed');
  return { ...refusal, headers: { ...refusal.headers, allow } };
}
