import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Prometheus always asks for OpenMetrics first; through this it asks for the text format only. */
export class TextFormatProxy {
  private constructor(private readonly server: Server) {}

  static async start(target: string): Promise<TextFormatProxy> {
    const server = createServer((incoming, outgoing) => {
      const headers = { ...incoming.headers, accept: 'text/plain;version=0.0.4', host: new URL(target).host };
      request(new URL(incoming.url ?? '/', target), { method: incoming.method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      })
        .on('error', () => outgoing.destroy())
        .end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TextFormatProxy(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}
