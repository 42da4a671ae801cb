import { spawn } from 'node:child_process';
import { requireBinary } from './binaries.js';

/** What promtool said, and whether it was content: 0 is clean, 1 a mistake, 3 against the rules of its lint. */
export interface PromtoolVerdict {
  readonly exitCode: number | null;
  readonly output: string;
}

export const CLEAN: PromtoolVerdict = { exitCode: 0, output: '' };

/** Lints an exposition in text format 0.0.4. */
export function promtoolCheckMetrics(exposition: string): Promise<PromtoolVerdict> {
  return new Promise((resolve, reject) => {
    const child = spawn(requireBinary('promtool'), ['check', 'metrics'], { timeout: 150_000 });
    let output = '';
    const keep = (text: string): void => {
      output += text;
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, output }));
    // If it ends before it has read everything, its verdict says why.
    child.stdin.on('error', () => undefined).end(exposition);
  });
}
