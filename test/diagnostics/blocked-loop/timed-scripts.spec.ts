import vm from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { observeTimedScripts } from '../../../lib/diagnostics/blocked-loop/timed-scripts.js';

/** Far beyond what a script takes on a busy machine. */
const TIME_LIMIT_MS = 60_000;

const started = jest.fn();
const ended = jest.fn();
let end: () => void;

const calls = (): readonly number[] => [started.mock.calls.length, ended.mock.calls.length];

beforeEach(() => {
  jest.resetAllMocks();
  end = observeTimedScripts(started, ended);
});

afterEach(() => end());

describe('the observation of scripts with a time limit', () => {
  it.each<[string, () => unknown]>([
    ['runInNewContext', () => vm.runInNewContext('1', {}, { timeout: TIME_LIMIT_MS })],
    ['runInContext', () => vm.runInContext('1', vm.createContext(), { timeout: TIME_LIMIT_MS })],
    ['runInThisContext', () => vm.runInThisContext('1', { timeout: TIME_LIMIT_MS })],
    ['a script that SIGINT may end', () => vm.runInThisContext('1', { breakOnSigint: true })],
    ['a script', () => new vm.Script('1').runInThisContext({ timeout: TIME_LIMIT_MS })],
  ])('tells when one starts and ends: %s', (_, run) => {
    started.mockImplementation(() => expect(calls()).toEqual([1, 0]));
    expect(run()).toBe(1);
    expect(calls()).toEqual([1, 1]);
  });

  it('tells that one ends that throws, and one within another', () => {
    expect(() => vm.runInNewContext('throw new Error("thrown")', {}, { timeout: TIME_LIMIT_MS })).toThrow(
      'thrown',
    );
    expect(calls()).toEqual([1, 1]);
    const inner = (): unknown => vm.runInNewContext('2', {}, { timeout: TIME_LIMIT_MS });
    expect(vm.runInNewContext('inner()', { inner }, { timeout: TIME_LIMIT_MS })).toBe(2);
    expect(calls()).toEqual([3, 3]);
  });

  it('tells when a module with a time limit starts and ends', async () => {
    const module = new vm.SourceTextModule('export default 1');
    await module.link(() => Promise.reject(new Error('no imports')));
    await module.evaluate({ timeout: TIME_LIMIT_MS });
    expect(module.namespace).toHaveProperty('default', 1);
    expect(calls()).toEqual([1, 1]);
  });

  it('says nothing of other scripts, nor after its end', () => {
    vm.runInNewContext('1');
    vm.runInThisContext('1', { filename: 'file.js' });
    vm.runInThisContext('1', 'file.js');
    end();
    vm.runInThisContext('1', { timeout: TIME_LIMIT_MS });
    expect(calls()).toEqual([0, 0]);
  });
});
