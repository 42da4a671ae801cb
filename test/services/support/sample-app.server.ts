import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ROOT } from './built.js';
import { freePort } from './free-port.js';
import type { AdapterName } from './loaded-app.js';
import { keyOf } from './outcomes.js';
import { ServerProcess } from './server.process.js';

/** Longer than the script itself waits for the alert and for its end. */
const INCIDENT_MS = 400_000;
/** Longer than any load takes, also on a busy machine. */
const LOAD_MS = 400_000;

/** What is sent to the application: with the same seed, the same requests. */
export type Load = { readonly seed: number } & ({ readonly seconds: number } | { readonly requests: number });

/** What the load script says in the end. */
export interface LoadReport {
  readonly total: number;
  readonly aborted: number;
  readonly failed: number;
  readonly requests: readonly {
    readonly method: string;
    readonly route: string;
    readonly statusCode: number;
    readonly count: number;
  }[];
}

/** The sample application as people start it, on its embedded database. */
export class SampleAppServer {
  private constructor(
    readonly url: string,
    private readonly process: ServerProcess,
  ) {}

  /**
   * @param env beside what it always has
   * @param port a free one unless it is given
   */
  static async start(
    adapter: AdapterName,
    env: Readonly<Record<string, string>> = {},
    port?: number,
  ): Promise<SampleAppServer> {
    port ??= await freePort();
    const url = `http://127.0.0.1:${port}`;
    const process = await ServerProcess.start({
      command: globalThis.process.execPath,
      args: ['sample-app/dist/main.js'],
      cwd: ROOT,
      env: {
        PORT: String(port),
        HOST: '127.0.0.1',
        ADAPTER: adapter,
        // Jest sets this one to "test"; people do not.
        NODE_ENV: undefined,
        DATABASE_URL: undefined,
        REDIS_URL: undefined,
        PAYMENTS_API_KEY: undefined,
        ...env,
      },
      isReady: async () => (await fetch(`${url}/ready`)).ok,
    });
    return new SampleAppServer(url, process);
  }

  /** Lets the load script work on it, for a time or until a number of requests is sent. */
  async load({ seed, ...extent }: Load): Promise<LoadReport> {
    const [[name, count]] = Object.entries(extent) as [[string, number]];
    const args = ['--json', `--${name}`, String(count), '--seed', String(seed), '--url', this.url];
    const { stdout } = await promisify(execFile)(process.execPath, ['sample-app/dist/load.js', ...args], {
      cwd: ROOT,
      timeout: LOAD_MS,
    });
    return JSON.parse(stdout) as LoadReport;
  }

  /**
   * Lets the load script cause an incident, and waits until it is over, unless the options end it before.
   *
   * @param options of the script: the name of the incident, and more
   * @returns what the script printed
   */
  async incident(seed: number, ...options: readonly string[]): Promise<string> {
    const args = [
      'sample-app/dist/load.js',
      '--incident',
      ...options,
      '--seed',
      String(seed),
      '--url',
      this.url,
    ];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: ROOT,
      timeout: INCIDENT_MS,
    });
    return stdout;
  }

  /** The end of what it has printed so far. */
  get output(): string {
    return this.process.output;
  }

  /** Ends it as a crash does. */
  crash(): Promise<void> {
    return this.process.crash();
  }

  /** @throws {Error} if it does not end by itself */
  stop(): Promise<void> {
    return this.process.stop();
  }
}

/** How many requests the load script sent, by method, route and status. */
export function sentRequests({ requests }: LoadReport): Record<string, number> {
  return Object.fromEntries(
    requests.map(({ method, route, statusCode, count }) => [
      keyOf({ method, route, status_code: String(statusCode) }),
      count,
    ]),
  );
}
