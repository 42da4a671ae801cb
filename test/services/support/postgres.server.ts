import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { requireBinary } from './binaries.js';
import { databaseUser, giveTo, type SystemUser } from './database-user.js';
import { freePort } from './free-port.js';
import { ServerProcess } from './server.process.js';

/** A PostgreSQL of the test's own, with an empty database `postgres` and a superuser `postgres` without a password. */
export class PostgresServer {
  readonly url: string;
  private process: ServerProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly user: SystemUser | undefined,
    private readonly settings: Readonly<Record<string, string>> = {},
  ) {
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  }

  /** @param settings parameters of the server, such as `log_statement` */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-postgres-'));
    try {
      const user = databaseUser('postgres');
      await giveTo(user, folder);
      const server = new PostgresServer(await freePort(), folder, user, settings);
      const args = [
        '-D',
        server.data,
        '-A',
        'trust',
        '-U',
        'postgres',
        '--no-sync',
        '-E',
        'UTF8',
        '--locale=C',
      ];
      await promisify(execFile)(requireBinary('initdb'), args, { cwd: folder, ...user });
      await server.restart();
      return server;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Starts a replica of it, which follows it by streaming, under a name. */
  async replicate(name: string): Promise<PostgresServer> {
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-postgres-'));
    try {
      await giveTo(this.user, folder);
      const replica = new PostgresServer(await freePort(), folder, this.user, { cluster_name: name });
      const args = ['-D', replica.data, '-d', this.url, '-X', 'stream', '-c', 'fast', '-R', '--no-sync'];
      await promisify(execFile)(requireBinary('pg_basebackup'), args, { cwd: folder, ...this.user });
      await replica.restart();
      return replica;
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
    const settings = {
      port: this.port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: 'off',
      ...this.settings,
    };
    this.process = await ServerProcess.start({
      command: requireBinary('postgres'),
      args: [
        '-D',
        this.data,
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      cwd: this.folder,
      ...(this.user !== undefined && { user: this.user }),
      // Ends the connections of clients, instead of waiting for them.
      stopSignal: 'SIGINT',
      isReady: async () => (await this.query('SELECT 1')).length === 1,
    });
  }

  /** The end of its log. */
  get log(): string {
    return this.process?.output ?? '';
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  /** Sends a statement on a connection of its own. */
  async query(sql: string): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: this.url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
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
