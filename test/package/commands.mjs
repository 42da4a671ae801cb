import { spawn } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const TIMEOUT_MS = 600_000;
/** What a test takes on a busy machine: much longer than its runner would wait. */
const TEST_MS = 120_000;

/** The error of a command that does not end well. */
export class CommandError extends Error {
  /** @param {string} output everything that it printed */
  constructor(message, output) {
    super(`${message}\n${output}`);
    this.output = output;
  }
}

/**
 * Runs a command to its end.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, input?: string, env?: Readonly<Record<string, string>> }} [options] `env` is added to that of this process
 * @returns {Promise<string>} what it printed
 * @throws {CommandError} if it does not end well
 */
export function run(command, args, { cwd, input, env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, timeout: TIMEOUT_MS });
    let output = '';
    let all = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      all += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => (all += text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new CommandError(`${command} ${args.join(' ')} ended with ${signal ?? code}`, all.trim()));
    });
    // Whoever does not read to the end does not want to.
    child.stdin.on('error', () => {}).end(input);
  });
}

/**
 * Runs tests of a project with its own runner, which waits for each of them for as long as a busy machine takes.
 *
 * @param {string} cwd
 * @param {readonly string[]} [script] the arguments of npm
 * @returns {Promise<string>} what it printed
 */
export function runTests(cwd, script = ['test']) {
  const { scripts } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'));
  const limits = scripts.test.includes('vitest') ? ['testTimeout', 'hookTimeout'] : ['testTimeout'];
  return run('npm', [...script, '--', ...limits.map((limit) => `--${limit}=${TEST_MS}`)], { cwd });
}

/**
 * @param {string} name
 * @returns {boolean} whether there is such a program on the PATH
 */
export function isOnPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}
