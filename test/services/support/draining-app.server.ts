import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { expect } from '@jest/globals';
import { request } from '../../e2e/fixture/http-client.js';
import { eventually } from '../../support/eventually.js';
import { ROOT } from './built.js';

/** The application of the fixture, as a process. */
export class DrainingApp {
  output = '';
  readonly ended: Promise<unknown[]>;
  port = 0;

  private constructor(private readonly child: ChildProcessByStdio<null, Readable, Readable>) {
    child.stdout.setEncoding('utf8').on('data', this.keep);
    child.stderr.setEncoding('utf8').on('data', this.keep);
    this.ended = once(child, 'close');
  }

  static start(...args: string[]): Promise<DrainingApp> {
    return DrainingApp.startWith({}, ...args);
  }

  static async startWith(
    environment: Readonly<Record<string, string>>,
    ...args: string[]
  ): Promise<DrainingApp> {
    const child = spawn(process.execPath, ['test/services/fixture/draining-app.mjs', ...args], {
      cwd: ROOT,
      env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const app = new DrainingApp(child);
    try {
      app.port = await eventually(() => {
        const [, port] = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(app.output) ?? [];
        if (port === undefined) throw new Error(`It does not listen. It printed:\n${app.output}`);
        return Number(port);
      }, 90_000);
      return app;
    } catch (error) {
      await app.kill();
      throw error;
    }
  }

  end(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ends a drain delay that is held. */
  endDrainDelay(): void {
    this.child.kill('SIGUSR2');
  }

  /** Waits until it has printed a text. */
  printed(text: string): Promise<void> {
    return eventually(() => expect(this.output).toContain(text), 90_000);
  }

  isDraining(): Promise<void> {
    return eventually(async () => {
      const { status, body } = await request(this.port, { path: '/ready' });
      expect([status, body]).toEqual([503, '{"status":"draining"}']);
    }, 10_000);
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private readonly keep = (text: string): void => void (this.output += text);
}
