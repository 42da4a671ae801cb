import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { eventually } from '../support/eventually.js';
import { buildLibrary, ROOT } from './support/built.js';

interface Run {
  readonly output: string;
  readonly errors: string;
  readonly exitCode: number | null;
}

/** A process of Node that the test reads while it runs. */
class Process {
  output = '';
  errors = '';
  readonly ended: Promise<Run>;

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    this.ended = new Promise((resolve) => {
      child.on('close', (exitCode) => resolve({ output: this.output, errors: this.errors, exitCode }));
    });
  }

  /** Waits for a text in what the process prints or says. */
  async saying(text: RegExp): Promise<string> {
    return eventually(() => {
      const [found] = text.exec(this.output) ?? text.exec(this.errors) ?? [];
      if (found === undefined) throw new Error(`No ${text} in ${this.output}${this.errors}`);
      return found;
    }, 150_000);
  }
}

/** A debugger of a developer, which goes on from the break at the start. */
class Debugger {
  readonly events: string[] = [];
  private lastId = 0;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      const { method } = JSON.parse(data.toString()) as { readonly method?: string };
      if (method !== undefined) this.events.push(method);
    });
  }

  static async attach(url: string): Promise<Debugger> {
    const socket = new WebSocket(url.trim());
    await once(socket, 'open');
    const attached = new Debugger(socket);
    for (const method of ['Runtime.enable', 'Debugger.enable', 'Runtime.runIfWaitingForDebugger']) {
      attached.post(method);
    }
    return attached;
  }

  post(method: string): void {
    this.socket.send(JSON.stringify({ id: ++this.lastId, method }));
  }

  detach(): void {
    this.socket.close();
  }
}

const APP = 'test/services/fixture/blocked-elsewhere.mjs';
const LATER = 'test/services/fixture/imports-later.mjs';

function blocksOf({ output }: Run): object[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{"name"') && line.includes('culprit'))
    .map((line) => JSON.parse(line) as object);
}

beforeAll(buildLibrary, 180_000);

describe('what blocks the event loop', () => {
  it('is named in each worker of a cluster', async () => {
    const run = await new Process([APP, 'cluster']).ended;
    expect(run).toMatchObject({ errors: '', exitCode: 0 });
    expect(blocksOf(run)).toMatchObject([{ culprit: 'spinPlanted' }, { culprit: 'spinPlanted' }]);
  }, 60_000);

  it('is counted, but not named, in a thread beside the main thread', async () => {
    const run = await new Process([APP, 'thread']).ended;
    expect(run).toMatchObject({ errors: '', exitCode: 0 });
    expect(blocksOf(run)).toMatchObject([{ culprit: '(unknown)', durationMs: expect.any(Number) }]);
    expect(run.output).toContain('stack traces cannot be taken (the application does not run in the main');
  }, 60_000);

  it('keeps no process from exiting in the middle of it', async () => {
    const run = await new Process([APP, 'main'], { END: 'exit' }).ended;
    expect(run).toMatchObject({ errors: '', exitCode: 3 });
  }, 60_000);

  it.each(['--inspect', '--inspect-brk'])(
    'is named while a debugger is attached by %s, which sees nothing of it',
    async (option) => {
      const child = new Process([`${option}=127.0.0.1:0`, LATER, APP, 'main']);
      const developer = await Debugger.attach(await child.saying(/ws:\S+\s/));
      if (option === '--inspect-brk') {
        await eventually(() => expect(developer.events).toContain('Debugger.paused'), 150_000);
        developer.post('Debugger.resume');
      }
      await child.saying(/"culprit"/);
      developer.detach();
      const run = await child.ended;
      expect(run.exitCode).toBe(0);
      expect(blocksOf(run)).toMatchObject([{ culprit: 'spinPlanted' }]);
      const pauses = developer.events.filter((event) => event === 'Debugger.paused');
      expect(pauses).toHaveLength(option === '--inspect-brk' ? 1 : 0);
      expect(developer.events).not.toContain('Runtime.exceptionThrown');
    },
    500_000,
  );

  it('may be a developer who stops at a breakpoint, after which everything goes on', async () => {
    const child = new Process(['--inspect=127.0.0.1:0', APP, 'main'], { UNTIL: 'paused' });
    const developer = await Debugger.attach(await child.saying(/ws:\S+\s/));
    await child.saying(/"blocking"/);
    developer.post('Debugger.pause');
    await eventually(() => expect(developer.events).toContain('Debugger.paused'), 150_000);
    await new Promise((resolve) => setTimeout(resolve, 500));
    developer.post('Debugger.resume');
    await child.saying(/"culprit"/);
    developer.detach();
    expect(await child.ended).toMatchObject({ exitCode: 0 });
  }, 500_000);

  it('leaves no open handle in the test of an application that is closed, and no warning of Jest', async () => {
    const { errors, exitCode } = await new Process(
      [
        '--experimental-vm-modules',
        'node_modules/jest/bin/jest.js',
        '--config=test/services/fixture/user-project/jest.config.json',
        '--detectOpenHandles',
      ],
      { NODE_ENV: 'test', NODE_OPTIONS: '' },
    ).ended;
    expect({ errors, exitCode }).toMatchObject({ exitCode: 0 });
    expect(errors).toContain('1 passed');
    expect(errors).not.toMatch(/open handle|did not exit|JEST-01/);
  }, 60_000);
});
