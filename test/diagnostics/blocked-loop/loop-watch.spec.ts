import { setTimeout as sleep } from 'node:timers/promises';
import vm from 'node:vm';
import { afterEach, describe, expect, it } from '@jest/globals';
import { LoopWatch, type SampledBlock } from '../../../lib/diagnostics/blocked-loop/loop-watch.js';
import { eventually } from '../../support/eventually.js';

const ENDLESS = 'while (true);';
const FILE = { filename: 'user-script.js' };

const ends: (() => void)[] = [];

/** The method that evaluates a module. */
const evaluate = (): unknown => Reflect.get(vm.Module.prototype, 'evaluate');

/** Returns the method that runs a script, which is never called without one. */
const method = (): unknown => Reflect.get(vm.Script.prototype, 'runInContext');

/** Watches the event loop with the thread that takes stack traces. */
async function watched(): Promise<SampledBlock[]> {
  const blocks: SampledBlock[] = [];
  ends.push(
    new LoopWatch().watch({
      thresholdMs: 100,
      isActive: () => true,
      onBlock: (block) => blocks.push(block),
      onUnavailable: (error) => {
        throw error;
      },
    }),
  );
  // The thread starts meanwhile.
  await sleep(500);
  blocks.length = 0;
  return blocks;
}

/** The stack traces that were taken within a script. */
function withinScripts(blocks: readonly SampledBlock[]): string[] {
  return blocks
    .flatMap(({ samples }) => samples.map(({ stack }) => stack))
    .filter((s) => s.includes('user-script.js'));
}

function busy(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

describe('the watch of the event loop', () => {
  it.each<[string, (options: vm.RunningScriptOptions) => unknown]>([
    ['runInContext', (options) => vm.runInContext(ENDLESS, vm.createContext(), { ...FILE, ...options })],
    ['runInNewContext', (options) => new vm.Script(ENDLESS, FILE).runInNewContext({}, options)],
    ['runInThisContext', (options) => new vm.Script(ENDLESS, FILE).runInThisContext(options)],
  ])(
    'does not interrupt a script with a time limit, whose end it would take away: %s',
    async (_, runScript) => {
      const blocks = await watched();
      for (let i = 0; i < 3; i++) {
        expect(() => runScript({ timeout: 300 })).toThrow('timed out');
        busy(200);
      }
      await eventually(() => expect(blocks.flatMap(({ samples }) => samples)).not.toEqual([]));
      expect(withinScripts(blocks)).toEqual([]);
      const samples = blocks.flatMap((block) => block.samples);
      expect(samples.map(({ isAfterNative }) => isAfterNative)).toContain(true);
    },
  );

  it('does not interrupt a module with a time limit either', async () => {
    const blocks = await watched();
    for (let i = 0; i < 3; i++) {
      const module = new vm.SourceTextModule(ENDLESS, { identifier: FILE.filename });
      await module.link(() => Promise.reject(new Error('no imports')));
      await expect(module.evaluate({ timeout: 300 })).rejects.toThrow('timed out');
      busy(200);
    }
    await eventually(() => expect(blocks.flatMap(({ samples }) => samples)).not.toEqual([]));
    expect(withinScripts(blocks)).toEqual([]);
  });

  it('interrupts a script without a time limit', async () => {
    const blocks = await watched();
    vm.runInNewContext('const end = now() + 500; while (now() < end);', { now: Date.now }, FILE);
    await eventually(() => expect(withinScripts(blocks)).not.toEqual([]));
  });

  it('leaves the scripts as they are for the caller, and as they were when it ends', async () => {
    const before = [method(), evaluate()];
    await watched();
    expect(evaluate()).not.toBe(before[1]);
    expect(method()).toHaveProperty('name', 'runInContext');
    expect(vm.runInNewContext('a + 1', { a: 1 }, { timeout: 60_000 })).toBe(2);
    expect(() => vm.runInNewContext('a.b.c', { a: {} }, { timeout: 60_000 })).toThrow('Cannot read properties');
    const options = { timeout: -1 };
    expect(() => vm.runInNewContext('1', {}, options)).toThrow('must be');
    for (const end of ends.splice(0)) end();
    expect([method(), evaluate()]).toEqual(before);
  });
});
