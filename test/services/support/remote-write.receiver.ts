import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireBinary } from './binaries.js';
import { freePort } from './free-port.js';
import { ServerProcess } from './server.process.js';

const ANSWER_MS = 60_000;

/** One series as a receiver has it, with every sample of the last hour. */
export interface ReceivedSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Time in milliseconds, and value. */
  readonly samples: readonly (readonly [timestamp: number, value: number])[];
}

/** How a receiver is started, beside its address and its data. */
interface ReceiverKind {
  readonly binary: string;
  readonly args: (address: string, folder: string) => readonly string[];
  readonly readyPath: string;
  readonly writePath: string;
  /** Makes what was written visible to queries. */
  readonly flushPath?: string;
}

export const RECEIVERS = {
  Prometheus: {
    binary: 'prometheus',
    args: (address, folder) => [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--web.enable-remote-write-receiver',
      '--enable-feature=exemplar-storage,native-histograms',
    ],
    readyPath: '/-/ready',
    writePath: '/api/v1/write',
  },
  VictoriaMetrics: {
    binary: 'victoria-metrics',
    args: (address, folder) => [
      `-httpListenAddr=${address}`,
      `-storageDataPath=${join(folder, 'data')}`,
      '-search.latencyOffset=0s',
      '-search.disableCache',
      '-memory.allowedPercent=5',
    ],
    readyPath: '/health',
    writePath: '/api/v1/write',
    flushPath: '/internal/force_flush',
  },
} as const satisfies Record<string, ReceiverKind>;

/** A receiver of remote write of the test's own, whose data outlive a restart. */
export class RemoteWriteReceiver {
  private constructor(
    readonly url: string,
    private readonly kind: ReceiverKind,
    private readonly folder: string,
    private process: ServerProcess,
  ) {}

  static async start(kind: ReceiverKind): Promise<RemoteWriteReceiver> {
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-remote-write-'));
    await writeFile(join(folder, 'prometheus.yml'), '{}');
    const url = `http://127.0.0.1:${await freePort()}`;
    return new RemoteWriteReceiver(url, kind, folder, await run(kind, url, folder));
  }

  get writeUrl(): string {
    return this.url + this.kind.writePath;
  }

  /** Ends it, and starts it anew with the same data and the same address. */
  async restart(): Promise<void> {
    await this.process.stop();
    this.process = await run(this.kind, this.url, this.folder);
  }

  async stop(): Promise<void> {
    try {
      await this.process.stop();
    } finally {
      await rm(this.folder, { recursive: true, force: true });
    }
  }

  /** The values of an expression now, by the label `kind`. */
  async query(expression: string): Promise<Record<string, number>> {
    const result = await this.ask<{ metric: Record<string, string>; value: [number, string] }>(expression);
    return Object.fromEntries(result.map(({ metric, value }) => [metric['kind'] ?? '', Number(value[1])]));
  }

  /** Every sample of the series that a selector matches, of the last hour. */
  async samples(selector: string): Promise<ReceivedSeries[]> {
    const result = await this.ask<{ metric: Record<string, string>; values: [number, string][] }>(
      `${selector}[1h]`,
    );
    return result.map(({ metric, values }) => ({
      labels: metric,
      samples: values
        // VictoriaMetrics also returns the markers of the end.
        .filter(([, value]) => value !== 'NaN')
        .map(([seconds, value]) => [Math.round(seconds * 1_000), Number(value)] as const),
    }));
  }

  /** Asks the API. */
  async api<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(query).toString()}`, {
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const answer = (await response.json()) as { status: string; data: T; error?: string };
    if (answer.status !== 'success') throw new Error(`${path} was refused: ${answer.error}`);
    return answer.data;
  }

  private async ask<T>(expression: string): Promise<T[]> {
    if (this.kind.flushPath !== undefined) await fetch(this.url + this.kind.flushPath);
    // The marker of the end may be one millisecond ahead.
    const time = String((Date.now() + 2) / 1_000);
    return (await this.api<{ result: T[] }>('query', { query: expression, time })).result;
  }
}

function run(kind: ReceiverKind, url: string, folder: string): Promise<ServerProcess> {
  return ServerProcess.start({
    command: requireBinary(kind.binary),
    args: kind.args(new URL(url).host, folder),
    cwd: folder,
    isReady: async () => (await fetch(url + kind.readyPath)).ok,
  });
}
