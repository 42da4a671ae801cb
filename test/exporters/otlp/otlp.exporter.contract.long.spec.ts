import { OtlpExporter, type OtlpExporterOptions } from 'nestjs-monitoring/exporters';
import { type ContractRemote, describeExporter, sumsOf, type ToldSums } from '../push/exporter.contract.js';
import { serverRemote } from '../push/server-remote.js';
import { OtlpServer, type TakenPoint } from './otlp.server.js';

/** Changes, added up. */
function sumsIn(points: readonly TakenPoint[]): ToldSums {
  const sums = (name: string) =>
    sumsOf(
      points
        .filter(({ metric }) => metric === name)
        .map(({ attributes, value, count }) => [attributes['kind'] as string, value ?? count ?? NaN]),
    );
  return { counted: sums('work_total'), observed: sums('size_items') };
}

/** The last that was told of each series of each process. */
function latestOf(points: readonly TakenPoint[]): TakenPoint[] {
  return [...new Map(points.map((point) => [identityOf(point), point])).values()];
}

function identityOf({ metric, attributes, resource }: TakenPoint): string {
  return JSON.stringify([metric, attributes, resource?.['service.instance.id']]);
}

async function collector(options: OtlpExporterOptions): Promise<ContractRemote> {
  const server = await new OtlpServer().start();
  return serverRemote(server, {
    connect: (source, push, dependencies) =>
      new OtlpExporter(source, { ...push, ...options, url: `${server.url}/v1/metrics` }, dependencies),
    told: () => sumsIn(options.temporality === 'delta' ? server.taken : latestOf(server.taken)),
    repeated: () => sumsIn(server.repeated),
  });
}

// Totals are told again with the next push anyway: once.
describeExporter({
  name: 'OpenTelemetry, telling totals in protobuf',
  cumulative: true,
  overHttp: true,
  takenTooLate: { counted: 'once' },
  sequences: 10,
  remote: () => collector({ temporality: 'cumulative' }),
});

// The specification leaves it to the receiver to see that a change is told twice: at least once.
describeExporter({
  name: 'OpenTelemetry, telling changes in JSON',
  overHttp: true,
  takenTooLate: { counted: 'twice' },
  sequences: 10,
  remote: () => collector({ temporality: 'delta', protocol: 'http/json', histograms: 'exponential' }),
});
