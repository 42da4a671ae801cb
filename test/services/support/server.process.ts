import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;
/** How long a server may take to answer, and to end: on a busy machine, much longer than it takes. */
const START_MS = 150_000;
const STOP_MS = 90_000;
/** How much of what a server prints is kept, to be shown if it fails. */
const KEPT_OUTPUT = 1_000_000;

export interface ServerProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Whom it runs as, where that is not who runs the tests. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Added to the environment of the tests; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Whether the server answers now. Called again and again; an error means that it does not. */
  readonly isReady: () => Promise<boolean>;
  /** What asks it to end. @default SIGTERM */
  readonly stopSignal?: NodeJS.Signals;
}

/** A server that a test starts for itself, as a process of its own, and stops. */
export class ServerProcess {
  private printed = '';
  private spawnError: Error | undefined;
  private readonly closed: Promise<unknown>;

  private constructor(
    private readonly child: ChildProcessByStdio<null, Readable, Readable>,
    private readonly options: ServerProcessOptions,
  ) {
    child.stdout.setEncoding('utf8').on('data', this.keep);
    child.stderr.setEncoding('utf8').on('data', this.keep);
    child.on('error', (error) => (this.spawnError = error));
    this.closed = once(child, 'close').catch(() => undefined);
    process.once('exit', this.kill);
  }

  /** @throws {Error} with what it printed, if it does not come up */
  static async start(options: ServerProcessOptions): Promise<ServerProcess> {
    const { command, args, cwd, env, user } = options;
    const child = spawn(command, args, {
      ...(cwd !== undefined && { cwd }),
      ...user,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const server = new ServerProcess(child, options);
    try {
      await server.untilReady();
      return server;
    } catch (error) {
      await server.end('SIGKILL');
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** The end of what it has printed so far. */
  get output(): string {
    return this.printed;
  }

  /**
   * Asks it to end and waits until it has.
   *
   * @throws {Error} with what it printed, if it had ended before or has to be killed
   */
  async stop(): Promise<void> {
    if (this.hasEnded) throw this.failure('had ended before it was stopped');
    const signal = this.options.stopSignal ?? 'SIGTERM';
    const killed = await this.end(signal);
    if (killed) throw this.failure(`did not end after ${signal}`);
  }

  /** Ends it as a crash does, and waits until it has ended. */
  async crash(): Promise<void> {
    await this.end('SIGKILL');
  }

  private get hasEnded(): boolean {
    return this.spawnError !== undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private async untilReady(): Promise<void> {
    const { isReady } = this.options;
    const deadline = Date.now() + START_MS;
    while (Date.now() < deadline) {
      if (this.hasEnded) throw this.failure('ended before it was ready');
      if (await isReady().catch(() => false)) return;
      await sleep(POLL_MS);
    }
    throw this.failure(`was not ready after ${START_MS / 1000} s`);
  }

  /** @returns whether it had to be killed */
  private async end(signal: NodeJS.Signals): Promise<boolean> {
    let killed = false;
    if (!this.hasEnded) {
      this.child.kill(signal);
      const timer = setTimeout(() => {
        killed = true;
        this.kill();
      }, STOP_MS);
      await this.closed;
      clearTimeout(timer);
    }
    process.removeListener('exit', this.kill);
    return killed;
  }

  private failure(what: string): Error {
    const { command, args } = this.options;
    const { exitCode, signalCode } = this.child;
    const end = this.spawnError?.message ?? `exit code ${exitCode}, signal ${signalCode}`;
    return new Error(`${command} ${args.join(' ')} ${what} (${end}). It printed:\n${this.printed}`);
  }

  private readonly keep = (text: string): void => {
    this.printed = (this.printed + text).slice(-KEPT_OUTPUT);
  };

  private readonly kill = (): void => {
    this.child.kill('SIGKILL');
  };
}
