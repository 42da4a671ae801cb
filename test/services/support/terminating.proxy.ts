import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What is known of the protocol of a database. */
interface Protocol {
  /** Returns the length of the first message of the server; undefined if more has to be received to know it. */
  readonly lengthOf: (received: Buffer) => number | undefined;
  /** Returns a function that tells of each message of a connection whether the server is ready for a statement after it. */
  readonly readiness: () => (message: Buffer) => boolean;
  /** The message of a server that ends a connection. */
  readonly termination: Buffer;
}

const POSTGRESQL: Protocol = {
  lengthOf: (received) => (received.length < 5 ? undefined : received.readUInt32BE(1) + 1),
  readiness: () => (message) => String.fromCodePoint(message[0] ?? 0) === 'Z',
  termination: postgreSqlError({ S: 'FATAL', C: '57P01', M: 'terminating connection' }),
};

const MYSQL: Protocol = {
  lengthOf: (received) => (received.length < 4 ? undefined : received.readUIntLE(0, 3) + 4),
  readiness: () => {
    let ends = 0;
    return (message) => {
      const [, , , , kind] = message;
      const isEnd = kind === 0xfe && message.length < 13;
      // The first end of a result is that of its columns, the second one that of its rows.
      return kind === 0x00 || (isEnd && ++ends % 2 === 0);
    };
  },
  termination: mysqlError(1927, '70100', 'Connection was killed'),
};

/** A way to a database that ends a connection in the packet with which it says that it is ready for a statement. */
export class TerminatingProxy {
  private readonly sockets = new Set<Socket>();
  private terminateAfter = Infinity;
  /** How many connections were ended so. */
  terminated = 0;

  private constructor(
    private readonly server: Server,
    private readonly protocol: Protocol,
    readonly port: number,
  ) {}

  /** @param target the port of the server */
  static postgreSql(target: number): Promise<TerminatingProxy> {
    return TerminatingProxy.start(target, POSTGRESQL);
  }

  /** @param target the port of the server */
  static mysql(target: number): Promise<TerminatingProxy> {
    return TerminatingProxy.start(target, MYSQL);
  }

  private static async start(target: number, protocol: Protocol): Promise<TerminatingProxy> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const proxy = new TerminatingProxy(server, protocol, (server.address() as AddressInfo).port);
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
    const { lengthOf, readiness, termination } = this.protocol;
    const isReady = readiness();
    let [received, timesReady] = [Buffer.alloc(0), 0];
    upstream.on('data', (data: Buffer) => {
      received = Buffer.concat([received, data]);
      for (let length; (length = lengthOf(received)) !== undefined && received.length >= length;) {
        const message = received.subarray(0, length);
        received = received.subarray(length);
        if (isReady(message)) timesReady++;
        if (timesReady < this.terminateAfter) {
          client.write(message);
          continue;
        }
        this.terminated++;
        client.end(Buffer.concat([message, termination]));
        upstream.destroy();
        return;
      }
    });
  }
}

function postgreSqlError(fields: Readonly<Record<string, string>>): Buffer {
  const body = Buffer.from(
    `${Object.entries(fields)
      .map(([code, value]) => `${code}${value}\0`)
      .join('')}\0`,
  );
  const head = Buffer.from('E----');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function mysqlError(code: number, state: string, text: string): Buffer {
  const body = Buffer.concat([Buffer.from([0xff, code & 0xff, code >> 8]), Buffer.from(`#${state}${text}`)]);
  return Buffer.concat([Buffer.from([body.length, 0, 0, 0]), body]);
}
