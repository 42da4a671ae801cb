import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { requireBinary } from './binaries.js';
import { databaseUser, giveTo, type SystemUser } from './database-user.js';
import { freePort } from './free-port.js';
import { ServerProcess } from './server.process.js';

/** A MariaDB of the test's own, with an empty database `test` and a user `root` without a password. */
export class MariaDbServer {
  readonly url: string;
  private process: ServerProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly user: SystemUser | undefined,
    private readonly args: readonly string[],
  ) {
    this.url = `mysql://root@127.0.0.1:${port}/test`;
  }

  /** @param args settings of the server, such as `--performance-schema=ON` */
  static async start(...args: string[]): Promise<MariaDbServer> {
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-mariadb-'));
    try {
      const user = databaseUser('mysql');
      await giveTo(user, folder);
      const server = new MariaDbServer(await freePort(), folder, user, args);
      await promisify(execFile)(
        requireBinary('mariadb-install-db'),
        [
          '--no-defaults',
          `--datadir=${server.data}`,
          '--auth-root-authentication-method=normal',
          '--skip-test-db',
        ],
        { cwd: folder, ...user },
      );
      await server.restart();
      await server.query('CREATE DATABASE test', 'mysql');
      return server;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  private get data(): string {
    return join(this.folder, 'data');
  }

  /** Starts it on the same port, with its data, after it has been stopped or has crashed. */
  async restart(): Promise<void> {
    this.process = await ServerProcess.start({
      command: requireBinary('mariadbd'),
      args: [
        '--no-defaults',
        `--datadir=${this.data}`,
        `--port=${this.port}`,
        '--bind-address=127.0.0.1',
        `--socket=${join(this.folder, 'mariadb.sock')}`,
        `--pid-file=${join(this.folder, 'mariadb.pid')}`,
        '--innodb-flush-log-at-trx-commit=0',
        ...this.args,
      ],
      cwd: this.folder,
      ...(this.user !== undefined && { user: this.user }),
      isReady: async () => (await this.query('SELECT 1', 'mysql')).length === 1,
    });
  }

  /** Sends a statement on a connection of its own. */
  async query(sql: string, database = 'test'): Promise<Record<string, unknown>[]> {
    const connection = await createConnection({
      host: '127.0.0.1',
      port: this.port,
      user: 'root',
      database,
    });
    try {
      const [rows] = await connection.query<RowDataPacket[]>(sql);
      return rows;
    } finally {
      await connection.end();
    }
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
    try {
      await this.process?.stop();
    } finally {
      this.process = undefined;
      await rm(this.folder, { recursive: true, force: true });
    }
  }
}
