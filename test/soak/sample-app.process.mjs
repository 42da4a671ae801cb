import { fork } from 'node:child_process';
import { once } from 'node:events';

const ROOT = new URL('../../', import.meta.url);
const START_MS = 150_000;

/** The sample application in a process of its own, with its monitoring endpoints on a server of their own. */
export class SampleAppProcess {
  /** Whatever it wrote to standard error, where warnings and errors go. */
  complaints = '';
  #child;

  /**
   * @param {NodeJS.ProcessEnv} env what is set beside the ports
   */
  static async start(env) {
    const app = new SampleAppProcess();
    app.#child = fork(new URL('sample-app/dist/main.js', ROOT), {
      cwd: ROOT,
      env: { ...process.env, PORT: '0', MONITORING_PORT: '0', ...env },
      execArgv: ['--expose-gc', '--import', new URL('probe.mjs', import.meta.url).href],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    app.#child.stderr.setEncoding('utf8').on('data', (text) => (app.complaints += text));
    const said = await app.#firstWords();
    [app.url] = /http:\/\/\S+(?=\/api\/deals)/.exec(said);
    [app.monitoringUrl] = /http:\/\/\S+(?=\/metrics\n)/.exec(said);
    return app;
  }

  /** What it holds after a full garbage collection. */
  async measure() {
    const answer = once(this.#child, 'message', { signal: AbortSignal.timeout(START_MS) });
    this.#child.send('measure');
    const [measured] = await answer;
    return measured;
  }

  /** Asks it to end, and tells how it did. */
  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.signalCode;
    const exited = once(this.#child, 'exit', { signal: AbortSignal.timeout(START_MS) });
    this.#child.kill('SIGTERM');
    const [code, signal] = await exited;
    return signal ?? code;
  }

  kill() {
    this.#child.kill('SIGKILL');
  }

  async #firstWords() {
    let said = '';
    this.#child.stdout.setEncoding('utf8');
    const timeout = AbortSignal.timeout(START_MS);
    for await (const text of this.#child.stdout.iterator({ destroyOnReturn: false })) {
      said += text;
      if (said.includes('To stop: ')) {
        this.#child.stdout.resume();
        return said;
      }
      timeout.throwIfAborted();
    }
    throw new Error(`The sample application did not start:\n${said}${this.complaints}`);
  }
}
