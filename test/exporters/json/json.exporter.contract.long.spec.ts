import { existsSync, renameSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  JsonExporter,
  type JsonHistogram,
  type JsonMetrics,
  type JsonScalar,
} from 'nestjs-monitoring/exporters';
import { type ContractRemote, describeExporter, type RemoteMood, sumsOf } from '../push/exporter.contract.js';
import { SendsInFlight } from '../push/sends-in-flight.js';

/** A folder with a file for each process; a folder that is gone is a remote that fails. */
async function folderRemote(lines: boolean): Promise<ContractRemote> {
  const root = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-contract-'));
  const there = join(root, 'there');
  const away = join(root, 'away');
  await mkdir(there);
  let processes = 0;

  /** The last state that each process wrote. */
  async function states(): Promise<JsonMetrics[]> {
    const found: JsonMetrics[] = [];
    for (let process = 1; process <= processes; process++) {
      const text = await readFile(join(there, `${process}.json`), 'utf8');
      found.push(JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as JsonMetrics);
    }
    return found;
  }

  const writes = new SendsInFlight();
  return {
    complaints: [],
    get mood(): RemoteMood {
      return existsSync(there) ? 'takes' : 'fails';
    },
    set mood(mood) {
      const from = mood === 'takes' ? away : there;
      if (existsSync(from)) renameSync(from, mood === 'takes' ? there : away);
    },
    connect: (source, options, dependencies) => {
      const outputFile = join(there, `${++processes}.json`);
      const exporter = new JsonExporter(
        source,
        { outputFile, ...options, ...(lines && { rotation: {} }) },
        dependencies,
      );
      writes.watch(exporter['file']!.exporter);
      return exporter;
    },
    settled: () => writes.settled(),
    told: async () => {
      const all = await states();
      const sums = (name: string) =>
        sumsOf(
          all
            .flatMap(({ metrics }): readonly (JsonScalar | JsonHistogram)[] => metrics[name]?.series ?? [])
            .map((series) => [series.labels['kind'], 'value' in series ? series.value : series.count]),
        );
      return { counted: sums('work_total'), observed: sums('size_items') };
    },
    close: () => rm(root, { recursive: true, force: true }),
  };
}

describeExporter({
  name: 'a file of JSON',
  cumulative: true,
  refuses: false,
  sequences: 10,
  remote: () => folderRemote(false),
});
describeExporter({
  name: 'a file of JSON lines',
  cumulative: true,
  refuses: false,
  sequences: 10,
  remote: () => folderRemote(true),
});
