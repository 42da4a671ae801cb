import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { ROOT } from '../services/support/built.js';

/** An application of sample-app/migrating, in a process of its own: its libraries require Nest, which is an ES module. */
export class MigratingApp {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** @param example such as `terminus/before` */
  static async start(example: string): Promise<MigratingApp> {
    const child = fork('test/sample-app/fixture/migrating-app.mjs', [example], {
      cwd: ROOT,
      execArgv: ['--import', './test/support/typescript/register.mjs'],
    });
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${example} ended.`)));
    const [{ url }] = (await Promise.race([once(child, 'message'), ended])) as [{ url: string }];
    ended.catch(() => undefined);
    return new MigratingApp(child, url);
  }

  /** Changes what the indicator of payments finds. */
  pay(balance: number): void {
    this.child.send({ balance });
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }
}
