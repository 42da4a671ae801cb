import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { parseExposition } from '../e2e/fixture/exposition.js';
import { request } from '../e2e/fixture/http-client.js';
import { eventually } from '../support/eventually.js';
import { ROOT } from '../services/support/built.js';
import { nth } from './support.js';

const START_MS = 150_000;

/** A worker of an application, and how to talk to it alone. */
export interface StartedWorker {
  readonly pid: number;
  readonly threadId: number;
  /** The port of all workers, and that of this one. */
  readonly sharedPort: number;
  readonly port: number;
}

/** What one scrape of one worker shows. */
export class Scrape {
  private readonly samples: ReturnType<typeof parseExposition>;

  constructor(text: string) {
    this.samples = parseExposition(text);
  }

  /** The sum of the samples of this name and these labels. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.samples
      .filter((sample) => sample.name === name)
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      .reduce((sum, { value }) => sum + value, 0);
  }

  has(name: string): boolean {
    return this.samples.some((sample) => sample.name === name);
  }

  /** How many workers there are, and how many of them are missing. */
  get workers(): [number, number] {
    return [this.sum('monitoring_workers'), this.sum('monitoring_workers_missing')];
  }

  /** How many requests to the route of the fixture were counted. */
  get work(): number {
    return this.sum('http_requests_total', { route: '/work' });
  }
}

/** An application with several workers, as processes or threads. */
export class WorkerGroup {
  output = '';
  readonly workers: StartedWorker[] = [];
  private readonly ended: Promise<unknown>;

  private constructor(private readonly child: ChildProcessByStdio<Writable, Readable, Readable>) {
    let line = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      const lines = (line + text).split('\n');
      line = lines.pop() ?? '';
      for (const whole of lines) {
        if (whole.startsWith('{')) this.workers.push(JSON.parse(whole) as StartedWorker);
      }
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.ended = once(child, 'close');
  }

  static async start(
    script: string,
    args: readonly string[],
    count: number,
    env: Readonly<Record<string, string>> = {},
  ): Promise<WorkerGroup> {
    const child = spawn(process.execPath, [`test/cluster/fixture/${script}`, ...args], {
      cwd: ROOT,
      env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const group = new WorkerGroup(child);
    try {
      await group.untilStarted(count);
      return group;
    } catch (error) {
      await group.stop();
      throw error;
    }
  }

  /** Starts one more, and waits until it listens. */
  async another(): Promise<StartedWorker> {
    const count = this.workers.length + 1;
    this.child.stdin.write('\n');
    await this.untilStarted(count);
    return nth(this.workers, count - 1);
  }

  async scrape({ port }: StartedWorker): Promise<Scrape> {
    const { status, body } = await request(port, { path: '/metrics' });
    if (status !== 200) throw new Error(`expected metrics, got ${status}: ${body}`);
    return new Scrape(body);
  }

  /** Sends requests to whichever worker takes them. */
  async work(count: number, port = nth(this.workers, 0).sharedPort): Promise<void> {
    for (let i = 0; i < count; i++) {
      const { status } = await request(port, { path: '/work' });
      if (status !== 200) throw new Error(`expected 200, got ${status}`);
    }
  }

  /** Asks all workers to end at once, and waits until they have. */
  async end(): Promise<void> {
    for (const { pid } of this.workers) process.kill(pid, 'SIGTERM');
    await eventually(() => {
      const running = this.workers.filter(({ pid }) => isRunning(pid));
      if (running.length > 0)
        throw new Error(`${running.length} have not ended. They printed:\n${this.output}`);
    }, START_MS);
  }

  /** The workers without the one that ended. */
  drop(worker: StartedWorker): StartedWorker[] {
    return this.workers.filter((other) => other !== worker && isRunning(other.pid));
  }

  async stop(): Promise<void> {
    for (const { pid } of this.workers) {
      if (pid !== this.child.pid && isRunning(pid)) process.kill(pid, 'SIGKILL');
    }
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private untilStarted(count: number): Promise<void> {
    return eventually(() => {
      if (this.child.exitCode !== null) throw new Error(`It ended. It printed:\n${this.output}`);
      if (this.workers.length < count) {
        throw new Error(`Expected ${count} workers, got ${this.workers.length}:\n${this.output}`);
      }
    }, START_MS);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
