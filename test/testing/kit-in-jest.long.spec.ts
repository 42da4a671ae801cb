import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';

/** What Jest writes with `--json`. */
interface JestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

async function runJest(): Promise<JestReport> {
  const root = new URL('../..', import.meta.url);
  const jest = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      '--ci',
      '--json',
      '--config',
      'test/testing/jest/jest.config.cjs',
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const [output, said] = await Promise.all([text(jest.stdout), text(jest.stderr), once(jest, 'close')]);
  try {
    return JSON.parse(output) as JestReport;
  } catch {
    throw new Error(`Jest gave no report.\n${output}${said}`);
  }
}

describe('the kit for tests', () => {
  it('works in Jest, with the same failure messages', async () => {
    const { testResults } = await runJest();
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
    expect(tests.map(({ title, status }) => `${title}: ${status}`)).toEqual([
      'matches: passed',
      'tests rules: passed',
      'fails: failed',
    ]);
    const [message] = tests[2]?.failureMessages ?? [];
    expect(message?.split('\n').slice(0, 4)).toEqual([
      'MetricAssertionError: Expected orders_total{channel="web"} to have increased by 7 since the registry was created, but it increased by 1.',
      'Its series:',
      '  orders_total{channel="web"} increased by 1',
      expect.stringMatching(/^ {4}at .*orders\.jest\.ts:\d+:\d+/),
    ]);
  }, 120_000);
});
