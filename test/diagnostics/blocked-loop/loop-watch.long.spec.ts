import vm from 'node:vm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LoopWatch, type SampledBlock } from '../../../lib/diagnostics/blocked-loop/loop-watch.js';
import { eventually } from '../../support/eventually.js';

const ENDLESS = 'while (true);';
const FILE = { filename: 'user-script.js' };

/** The method that evaluates a module. */
const evaluate = (): unknown => Reflect.get(vm.Module.prototype, 'evaluate');

/** Returns the method that runs a script, which is never called without one. */
const method = (): unknown => Reflect.get(vm.Script.prototype, 'runInContext');

const recorded: SampledBlock[] = [];
let end = (): void => undefined;
let startedAt = 0;

/** The blocks since the current test started. */
const blocks = (): SampledBlock[] => recorded.filter((block) => block.startedAt >= startedAt);

/** The stack traces that were taken since then. */
const stacks = (): string[] => blocks().flatMap(({ samples }) => samples.map(({ stack }) => stack));

/** Those that were taken within a script. */
const withinScripts = (): string[] => stacks().filter((stack) => stack.includes('user-script.js'));

function busy(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

/** Watches the event loop. */
function watch(): void {
  end = new LoopWatch().watch({
    thresholdMs: 50,
    isActive: () => true,
    onBlock: (block) => recorded.push(block),
    onUnavailable: (error) => {
      throw error;
    },
  });
}

beforeEach(() => {
  startedAt = performance.now();
});

describe('the watch of the event loop', () => {
  beforeAll(async () => {
    watch();
    // Once the thread that takes stack traces has started.
    await eventually(() => {
      busy(100);
      expect(stacks()).not.toEqual([]);
    });
  });
  afterAll(() => end());

  it.each<[string, (options: vm.RunningScriptOptions) => unknown]>([
    ['runInContext', (options) => vm.runInContext(ENDLESS, vm.createContext(), { ...FILE, ...options })],
    ['runInNewContext', (options) => new vm.Script(ENDLESS, FILE).runInNewContext({}, options)],
    ['runInThisContext', (options) => new vm.Script(ENDLESS, FILE).runInThisContext(options)],
  ])(
    'does not interrupt a script with a time limit, whose end it would take away: %s',
    async (_, runScript) => {
      // Again where a busy machine has held up the thread.
      await eventually(() => {
        expect(() => runScript({ timeout: 200 })).toThrow('timed out');
        busy(100);
        const samples = blocks().flatMap((block) => block.samples);
        expect(samples.map(({ isLate }) => isLate)).toContain(true);
      });
      expect(withinScripts()).toEqual([]);
    },
  );

  it('does not interrupt a module with a time limit either', async () => {
    await eventually(async () => {
      const module = new vm.SourceTextModule(ENDLESS, { identifier: FILE.filename });
      await module.link(() => Promise.reject(new Error('no imports')));
      await expect(module.evaluate({ timeout: 200 })).rejects.toThrow('timed out');
      busy(100);
      expect(stacks()).not.toEqual([]);
    });
    expect(withinScripts()).toEqual([]);
  });

  it('interrupts a script without a time limit', async () => {
    await eventually(() => {
      vm.runInNewContext('const end = now() + 200; while (now() < end);', { now: Date.now }, FILE);
      expect(withinScripts()).not.toEqual([]);
    });
  });
});

describe('a watch of the event loop', () => {
  afterEach(() => end());

  it('leaves the scripts as they are for the caller, and as they were when it ends', () => {
    const before = [method(), evaluate()];
    watch();
    expect(evaluate()).not.toBe(before[1]);
    expect(method()).toHaveProperty('name', 'runInContext');
    expect(vm.runInNewContext('a + 1', { a: 1 }, { timeout: 60_000 })).toBe(2);
    expect(() => vm.runInNewContext('a.b.c', { a: {} }, { timeout: 60_000 })).toThrow(
      'Cannot read properties',
    );
    const options = { timeout: -1 };
    expect(() => vm.runInNewContext('1', {}, options)).toThrow('must be');
    end();
    expect([method(), evaluate()]).toEqual(before);
  });
});
