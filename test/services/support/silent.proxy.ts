import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a server that can lose everything, as a network does whose packets are dropped. */
export class SilentProxy {
  private isSilent = false;
  private readonly sockets = new Set<Socket>();
  private readonly lost = new WeakSet<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** @param target the port of the server */
  static async start(target: number): Promise<SilentProxy> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const proxy = new SilentProxy(server, (server.address() as AddressInfo).port);
    server.on('connection', (client) => {
      const upstream = connect(target, '127.0.0.1');
      proxy.forward(client, upstream);
      proxy.forward(upstream, client);
    });
    return proxy;
  }

  /** From now on, nothing gets through; what is connected by then is silent for ever. */
  fallSilent(): void {
    this.isSilent = true;
    for (const socket of this.sockets) this.lost.add(socket);
  }

  /** New connections get through. */
  recover(): void {
    this.isSilent = false;
  }

  stop(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private forward(from: Socket, to: Socket): void {
    this.sockets.add(from);
    if (this.isSilent) this.lost.add(from);
    from.on('error', () => undefined);
    from.on('data', (data) => {
      if (!this.lost.has(from)) to.write(data);
    });
    from.on('close', () => {
      this.sockets.delete(from);
      if (!this.lost.has(from)) to.destroy();
    });
  }
}
