import type { MetricsSource } from 'nestjs-monitoring';
import type { PushExporter, PushExporterOptions, PushDependencies } from 'nestjs-monitoring/exporters';
import type { RemoteServer } from '../remote.server.js';
import type { ContractRemote, RemoteMood, ResponseBody, ToldSums } from './exporter.contract.js';
import { SendsInFlight } from './sends-in-flight.js';

/** What differs between the exporters whose remote is a server. */
export interface ServerRemoteParts {
  connect(source: MetricsSource, options: PushExporterOptions, dependencies: PushDependencies): PushExporter;
  told(): ToldSums | Promise<ToldSums>;
  repeated?(): ToldSums;
  close?(): void;
}

/** A server as the contract of exporters uses it. */
export function serverRemote(
  server: RemoteServer & { readonly refusals: readonly string[] },
  parts: ServerRemoteParts,
): ContractRemote {
  const sends = new SendsInFlight(() => server.held);
  return {
    connect: (source, options, dependencies) => {
      const exporter = parts.connect(source, options, dependencies);
      sends.watch(exporter);
      return exporter;
    },
    get mood(): RemoteMood {
      return server.mood;
    },
    set mood(mood) {
      server.mood = mood;
    },
    get attempts(): number {
      return server.requests.length;
    },
    get poison() {
      return server.poison;
    },
    set poison(poison) {
      server.poison = poison;
    },
    get body(): ResponseBody {
      return server.body;
    },
    set body(body) {
      server.body = body;
    },
    get floodedBytes(): number {
      return server.floodedBytes;
    },
    complaints: server.refusals,
    settled: () => sends.settled(),
    told: () => parts.told(),
    repeated: () => parts.repeated?.() ?? { counted: {}, observed: {} },
    close: async () => {
      parts.close?.();
      await server.stop();
    },
  };
}
