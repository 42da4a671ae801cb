import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../../support/eventually.js';
import { requireBinary } from './binaries.js';
import { freePort } from './free-port.js';
import { RedisServer } from './redis.server.js';

const START_MS = 150_000;

/** A cluster of three masters of Redis, of the test's own. */
export class RedisClusterServers {
  private constructor(
    readonly servers: readonly RedisServer[],
    private readonly folder: string,
  ) {}

  static async start(): Promise<RedisClusterServers> {
    const folder = await mkdtemp(join(tmpdir(), 'redis-cluster-'));
    const cluster = new RedisClusterServers(
      await Promise.all(
        Array.from({ length: 3 }, (_, index) => startNode(join(folder, `nodes-${index}.conf`))),
      ),
      folder,
    );
    await cluster.form();
    return cluster;
  }

  get ports(): number[] {
    return this.servers.map(({ port }) => port);
  }

  get urls(): string[] {
    return this.servers.map(({ url }) => url);
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }

  private async form(): Promise<void> {
    const nodes = this.ports.map((port) => `127.0.0.1:${port}`);
    await this.cli('--cluster', 'create', ...nodes, '--cluster-replicas', '0', '--cluster-yes');
    // Each question is a process of its own.
    await eventually(
      async () => {
        for (const port of this.ports) {
          const info = await this.cli('-p', `${port}`, 'cluster', 'info');
          if (!info.includes('cluster_state:ok')) throw new Error(`the node at ${port} is not ready`);
        }
      },
      { timeout: START_MS, interval: 200 },
    );
  }

  private async cli(...args: string[]): Promise<string> {
    return (await promisify(execFile)(requireBinary('redis-cli'), args)).stdout;
  }
}

async function startNode(configFile: string): Promise<RedisServer> {
  return RedisServer.start(
    '--cluster-enabled',
    'yes',
    '--cluster-config-file',
    configFile,
    '--cluster-port',
    `${await freePort()}`,
  );
}
