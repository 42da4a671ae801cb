import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type MetricsRegistry, PrometheusExporter } from 'nestjs-monitoring';

/** A script without Nest that shows its metrics to Prometheus, in the format that it asks for first. */
export class ScrapedRegistry {
  private constructor(private readonly server: Server) {}

  static async start(registry: MetricsRegistry): Promise<ScrapedRegistry> {
    const exporter = new PrometheusExporter(registry);
    const server = createServer((request, response) => {
      const openmetrics = request.headers.accept?.startsWith('application/openmetrics-text') === true;
      const [format, type] = openmetrics
        ? (['openmetrics', 'application/openmetrics-text; version=1.0.0; charset=utf-8'] as const)
        : (['prometheus', 'text/plain; version=0.0.4; charset=utf-8'] as const);
      exporter.generateText({ format }).then(
        (text) => response.writeHead(200, { 'content-type': type }).end(text),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ScrapedRegistry(server);
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
