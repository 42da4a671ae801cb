import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireBinary } from './binaries.js';
import { freePort } from './free-port.js';
import { answersPing } from './redis.server.js';
import { ServerProcess } from './server.process.js';

/** A sentinel that knows one Redis as `master`, of the test's own. */
export class RedisSentinel {
  private constructor(
    readonly port: number,
    private readonly process: ServerProcess,
    private readonly folder: string,
  ) {}

  static async start(masterPort: number): Promise<RedisSentinel> {
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'redis-sentinel-'));
    const file = join(folder, 'sentinel.conf');
    await writeFile(
      file,
      [
        `port ${port}`,
        'bind 127.0.0.1',
        `dir ${folder}`,
        `sentinel monitor master 127.0.0.1 ${masterPort} 1`,
      ].join('\n'),
    );
    const process = await ServerProcess.start({
      command: requireBinary('redis-server'),
      args: [file, '--sentinel'],
      isReady: () => answersPing(port),
    });
    return new RedisSentinel(port, process, folder);
  }

  async stop(): Promise<void> {
    await this.process.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
