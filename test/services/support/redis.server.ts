import { connect } from 'node:net';
import { requireBinary } from './binaries.js';
import { freePort } from './free-port.js';
import { ServerProcess } from './server.process.js';

/** A Redis of the test's own, which keeps nothing on disk. */
export class RedisServer {
  readonly url: string;
  private process: ServerProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly args: readonly string[],
  ) {
    this.url = `redis://127.0.0.1:${port}`;
  }

  /** @param args further arguments, such as `--maxmemory 3mb` */
  static async start(...args: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), args);
    await server.restart();
    return server;
  }

  /** Starts it on the same port, empty, after it has been stopped or has crashed. */
  async restart(): Promise<void> {
    this.process = await ServerProcess.start({
      command: requireBinary('redis-server'),
      args: [
        '--port',
        `${this.port}`,
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        ...this.args,
      ],
      isReady: () => answersPing(this.port),
    });
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  /** Ends it as a crash does. */
  async crash(): Promise<void> {
    await this.process?.crash();
    this.process = undefined;
  }

  async stop(): Promise<void> {
    await this.process?.stop();
    this.process = undefined;
  }
}

/** Whether a server answers a ping. */
export function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.on('error', () => end(false));
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (data) => end(data.toString() === '+PONG\r\n'));
  });
}
