import { RemoteWriteExporter } from 'nestjs-monitoring/exporters';
import { describeExporter, sumsOf } from '../push/exporter.contract.js';
import { serverRemote } from '../push/server-remote.js';
import { RemoteWriteServer } from './remote-write.server.js';

// A receiver ignores a sample that it has already: once.
describeExporter({
  name: 'remote write',
  cumulative: true,
  overHttp: true,
  takenTooLate: { counted: 'once' },
  // A histogram of four buckets has six.
  pointsPerSeries: 6,
  sequences: 10,
  remote: async () => {
    const server = await new RemoteWriteServer().start();
    let processes = 0;
    // What has ended still was.
    const last = (name: string) =>
      sumsOf(
        [...server.series.values()]
          .filter(({ labels }) => labels['__name__'] === name)
          .map(({ labels, samples }) => [
            labels['kind'],
            samples.findLast(({ value }) => value !== 'stale')?.value as number,
          ]),
      );
    return serverRemote(server, {
      connect: (source, push, dependencies) =>
        new RemoteWriteExporter(
          source,
          { ...push, url: `${server.url}/api/v1/write`, labels: { instance: `${++processes}` } },
          dependencies,
        ),
      told: () => ({ counted: last('work_total'), observed: last('size_items_count') }),
    });
  },
});
