import { type MetricsRegistry, PrometheusExporter } from 'nestjs-monitoring';
import { LocalServer } from './local.server.js';

/** Starts a script without Nest that shows its metrics to Prometheus, in the format that it asks for first. */
export function startScrapedRegistry(registry: MetricsRegistry): Promise<LocalServer> {
  const exporter = new PrometheusExporter(registry);
  return LocalServer.listen((request, response) => {
    const openmetrics = request.headers.accept?.startsWith('application/openmetrics-text') === true;
    const [format, type] = openmetrics
      ? (['openmetrics', 'application/openmetrics-text; version=1.0.0; charset=utf-8'] as const)
      : (['prometheus', 'text/plain; version=0.0.4; charset=utf-8'] as const);
    exporter.generateText({ format }).then(
      (text) => response.writeHead(200, { 'content-type': type }).end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
}
