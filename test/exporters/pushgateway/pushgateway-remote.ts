import { PushgatewayExporter } from 'nestjs-monitoring/exporters';
import { type ContractRemote, sumsOf } from '../push/exporter.contract.js';
import { serverRemote } from '../push/server-remote.js';
import type { RemoteServer } from '../remote.server.js';

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * A Pushgateway as the contract of exporters uses it: each process is a group of its own.
 *
 * @param jobName whose groups are looked at
 * @param samples what Prometheus would scrape
 */
export function pushgatewayRemote(
  server: RemoteServer & { readonly refusals: readonly string[] },
  jobName: string,
  samples: () => readonly Sample[] | Promise<readonly Sample[]>,
): ContractRemote {
  let processes = 0;
  return serverRemote(server, {
    connect: (source, options, dependencies) => {
      const groupings = { instance: `${++processes}` };
      return new PushgatewayExporter(
        source,
        { ...options, url: server.url, jobName, groupings },
        dependencies,
      );
    },
    told: async () => {
      const own = (await samples()).filter(({ labels }) => labels['job'] === jobName);
      const sums = (name: string) =>
        sumsOf(
          own.filter((sample) => sample.name === name).map(({ labels, value }) => [labels['kind'], value]),
        );
      return { counted: sums('work_total'), observed: sums('size_items_count') };
    },
  });
}
