import { execFile } from 'node:child_process';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { buildLibrary, ROOT } from '../../services/support/built.js';
import { closeAll, counts, startMeasured } from '../support.js';

const EVENTS = ['unhandledRejection', 'uncaughtExceptionMonitor', 'warning', 'newListener', 'removeListener'];
const listeners = () => EVENTS.map((event) => process.listenerCount(event));

/** What a process does in the end, with an application that is monitored or not. */
interface Ended {
  readonly code: number | null;
  readonly stderr: string;
  readonly counted: Record<string, Record<string, number>>;
}

function runProcess(work: string, monitored: boolean, flags: readonly string[] = []): Promise<Ended> {
  const script = `
    import 'reflect-metadata';
    import { NestFactory } from '@nestjs/core';
    import { MetricsRegistry, MonitoringModule } from 'nestjs-monitoring';
    const module = { module: class App {}, imports: [MonitoringModule.forRoot({ enabled: ${monitored} })] };
    const app = await NestFactory.createApplicationContext(module, { logger: false });
    process.once('exit', () => {
      const { families } = app.get(MetricsRegistry).snapshot();
      const counted = families
        .filter(({ name }) => /uncaught|unhandled/.test(name))
        .map(({ name, series }) => [name, Object.fromEntries([...series].map((one) => [one.labels.error, one.value]))]);
      console.log(JSON.stringify(Object.fromEntries(counted)));
    });
    class OrderError extends Error {}
    ${work}
  `;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...flags, '--input-type=module', '--eval', script],
      { cwd: ROOT },
      (_, stdout, stderr) =>
        resolve({ code: child.exitCode, stderr, counted: JSON.parse(stdout) as Ended['counted'] }),
    );
  });
}

const withoutPid = (text: string) => text.replace(/\(node:\d+\)/g, '');
const care = () => undefined;

afterEach(closeAll);

describe('a process with an error', () => {
  beforeAll(buildLibrary, 120_000);

  const reject = `Promise.reject(new OrderError('lost'));`;
  const fail = `setImmediate(() => { throw new OrderError('lost'); });`;
  const wait = `await new Promise((resolve) => setTimeout(resolve, 20));`;

  it.each<[string, string, number, [exceptions: number, rejections: number], string[]]>([
    ['an unhandled rejection', reject, 1, [0, 1], []],
    ['a handled rejection', `process.on('unhandledRejection', () => {}); ${reject}`, 0, [0, 1], []],
    [
      'two rejections, the first of them handled',
      `process.once('unhandledRejection', () => {}); ${reject} ${wait} ${reject}`,
      1,
      [0, 2],
      [],
    ],
    [
      'a rejection after its listener was removed',
      `const care = () => {}; process.on('unhandledRejection', care); process.off('unhandledRejection', care); ${reject}`,
      1,
      [0, 1],
      [],
    ],
    ['a rejection that only prints a warning', reject, 0, [0, 0], ['--unhandled-rejections=warn']],
    ['an uncaught exception', fail, 1, [1, 0], []],
    ['a handled exception', `process.on('uncaughtException', () => {}); ${fail}`, 0, [1, 0], []],
    ['an exception after the application was closed', `await app.close(); ${fail}`, 1, [0, 0], []],
  ])(
    'ends like it does without monitoring: %s',
    async (_, work, code, [exceptions, rejections], flags) => {
      const [watched, alone] = await Promise.all([
        runProcess(work, true, flags),
        runProcess(work, false, flags),
      ]);
      expect([watched.code, alone.code]).toEqual([code, code]);
      expect(withoutPid(watched.stderr)).toBe(withoutPid(alone.stderr));
      expect(watched.counted).toEqual({
        process_uncaught_exceptions_total: exceptions === 0 ? {} : { OrderError: exceptions },
        process_unhandled_rejections_total: rejections === 0 ? {} : { OrderError: rejections },
      });
    },
    60_000,
  );
});

describe('warnings of the process', () => {
  it('are counted by name and code', async () => {
    const { registry } = await startMeasured();
    process.emitWarning('old', { type: 'DeprecationWarning', code: 'TEST0001' });
    process.emitWarning('plain');
    process.emitWarning('odd', { type: 'anything = may "be" here', code: '7;'.repeat(100) });
    await turn();
    expect(counts(registry, 'process_warnings_total')).toEqual({
      'warning=DeprecationWarning code=TEST0001': 1,
      'warning=Warning code=none': 1,
      'warning=unknown code=unknown': 1,
    });
  });

  it('have at most about fifty names and codes, so that arbitrary ones create no series', async () => {
    const { registry } = await startMeasured();
    for (let i = 0; i < 200; i++) process.emitWarning('x', { type: `Warning${i}`, code: `CODE${i}` });
    await turn();
    const warnings = Object.entries(counts(registry, 'process_warnings_total'));
    expect(warnings).toHaveLength(51);
    expect(warnings.at(-1)).toEqual(['warning=other code=other', 150]);
  });
});

describe('the listeners of monitoring', () => {
  it('for unhandled rejections are registered while the application has one, also with several applications', async () => {
    // Jest has one: it must not count as one of the application here.
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    try {
      await startMeasured();
      const second = await startMeasured();
      expect(process.listenerCount('unhandledRejection')).toBe(0);
      process.on('unhandledRejection', care);
      // Both share one.
      expect(process.listenerCount('unhandledRejection')).toBe(2);
      await second.app.close();
      expect(process.listenerCount('unhandledRejection')).toBe(2);
      process.off('unhandledRejection', care);
      expect(process.listenerCount('unhandledRejection')).toBe(0);
    } finally {
      for (const listener of others) process.on('unhandledRejection', listener);
    }
  });

  it('are removed with the application, fifty times', async () => {
    const before = listeners();
    for (let life = 0; life < 50; life++) {
      await startMeasured();
      await closeAll();
    }
    expect(listeners()).toEqual(before);
  });

  it.each([[{ errors: false as const }], [{ errors: { process: false } }], [{ enabled: false }]])(
    'are not registered with %j',
    async (options) => {
      const before = listeners();
      await startMeasured({}, { diagnostics: false, ...options });
      expect(listeners()).toEqual(before);
    },
  );
});
