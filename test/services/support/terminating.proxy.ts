import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** The message of a server that ends a connection, in PostgreSQL's protocol. */
const TERMINATION = errorResponse({ S: 'FATAL', C: '57P01', M: 'terminating connection' });
const READY_FOR_QUERY = 'Z';

/** A way to a PostgreSQL that ends a connection in the packet with which it says that it is ready for a query. */
export class TerminatingProxy {
  private readonly sockets = new Set<Socket>();
  private terminateAfter = Infinity;
  /** How many connections were ended so. */
  terminated = 0;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** @param target the port of the server */
  static async start(target: number): Promise<TerminatingProxy> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const proxy = new TerminatingProxy(server, (server.address() as AddressInfo).port);
    server.on('connection', (client) => proxy.forward(client, connect(target, '127.0.0.1')));
    return proxy;
  }

  /**
   * Ends what is connected, and from now on each connection after it was ready this many times: after 1, it was just
   * opened.
   */
  terminateWhenReady(times: number): void {
    this.terminateAfter = times;
    for (const socket of this.sockets) socket.destroy();
  }

  stop(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private forward(client: Socket, upstream: Socket): void {
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(upstream);
    let [received, timesReady] = [Buffer.alloc(0), 0];
    upstream.on('data', (data: Buffer) => {
      received = Buffer.concat([received, data]);
      for (let length; received.length > 4 && received.length > (length = received.readUInt32BE(1));) {
        const message = received.subarray(0, length + 1);
        received = received.subarray(length + 1);
        if (String.fromCodePoint(message[0] ?? 0) === READY_FOR_QUERY) timesReady++;
        if (timesReady < this.terminateAfter) {
          client.write(message);
          continue;
        }
        this.terminated++;
        client.end(Buffer.concat([message, TERMINATION]));
        upstream.destroy();
        return;
      }
    });
  }
}

function errorResponse(fields: Readonly<Record<string, string>>): Buffer {
  const body = Buffer.from(
    `${Object.entries(fields)
      .map(([code, value]) => `${code}${value}\0`)
      .join('')}\0`,
  );
  const head = Buffer.from('E----');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
