import { DatadogExporter } from 'nestjs-monitoring/exporters';
import { describeExporter, ODD_KIND, sumsOf, type ToldSums } from '../push/exporter.contract.js';
import { serverRemote } from '../push/server-remote.js';
import { DatadogServer, type TakenPoint } from './datadog.server.js';

const KEY = '0123456789abcdef0123456789abcdef';

/** What Datadog would show of the points. */
function sumsIn(points: readonly TakenPoint[]): ToldSums {
  const sums = (name: string, of: (point: TakenPoint) => number) =>
    sumsOf(points.filter(({ metric }) => metric === name).map((point) => [kindOf(point), of(point)]));
  return {
    counted: sums('work_total', ({ values: [value = NaN] }) => value),
    observed: sums('size_items', ({ values }) => values.length),
  };
}

function kindOf({ tags }: TakenPoint): string {
  const value = tags.find((tag) => tag.startsWith('kind:'))?.slice('kind:'.length) ?? '';
  return value === 'é_quoted' ? ODD_KIND : value;
}

// A count takes the place of the one with the same time: once. The values of distributions are added up: at least once.
for (const transport of ['fetch', 'client'] as const) {
  describeExporter({
    name: `Datadog, by ${transport}`,
    overHttp: true,
    takenTooLate: { counted: 'once' },
    // Its client takes seconds to load, and its time for each request.
    sequences: transport === 'fetch' ? 10 : 3,
    remote: async () => {
      const server = await new DatadogServer(KEY, () => Date.now()).start();
      return serverRemote(server, {
        connect: (source, options, dependencies) =>
          new DatadogExporter(
            source,
            { ...options, url: server.url, apiKey: KEY, transport, host: 'web-1' },
            dependencies,
          ),
        told: () => sumsIn(server.taken),
        repeated: () => sumsIn(server.repeated),
      });
    },
  });
}
