import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchExporter } from 'nestjs-monitoring/exporters';
import { describeExporter, ODD_KIND, sumsOf, type ToldSums } from '../push/exporter.contract.js';
import { serverRemote } from '../push/server-remote.js';
import { CloudWatchServer, type ReceivedDatum } from './cloudwatch.server.js';

/** What CloudWatch would show of the data. */
function sumsIn(data: readonly ReceivedDatum[]): ToldSums {
  const sums = (metric: string, of: (datum: ReceivedDatum) => number) =>
    sumsOf(data.filter(({ MetricName }) => MetricName === metric).map((datum) => [kindOf(datum), of(datum)]));
  return {
    counted: sums('work_total', ({ Value = NaN }) => Value),
    observed: sums('size_items', ({ Counts = [] }) => Counts.reduce((sum, count) => sum + count, 0)),
  };
}

function kindOf({ Dimensions = [] }: ReceivedDatum): string {
  const value = Dimensions.find(({ Name }) => Name === 'kind')?.Value ?? '';
  return value === 'e "quoted"\\' ? ODD_KIND : value;
}

// PutMetricData adds up what it is told, the same again included: at least once.
describeExporter({
  name: 'CloudWatch',
  overHttp: true,
  takenTooLate: { counted: 'twice' },
  sequences: 10,
  remote: async () => {
    const server = await new CloudWatchServer(() => Date.now()).start();
    const client = new CloudWatchClient({
      region: 'eu-central-1',
      endpoint: server.url,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
      maxAttempts: 1,
    });
    return serverRemote(server, {
      connect: (source, options, dependencies) =>
        new CloudWatchExporter(source, { ...options, namespace: 'EnterpriseLand', client }, dependencies),
      told: () => sumsIn(server.taken),
      repeated: () => sumsIn(server.repeated),
      close: () => client.destroy(),
    });
  },
});
