import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it, jest } from '@jest/globals';
import { CurrentCall } from '../../lib/integrations/current-call.js';

describe('the scope of a call', () => {
  it('covers what is awaited within it, and nothing else', async () => {
    const calls = new CurrentCall<string>();
    const scope = calls.open('a');
    const within = scope.run(async () => {
      await Promise.resolve();
      return calls.current;
    });
    expect(calls.current).toBeUndefined();
    expect(await within).toBe('a');
  });

  it('ends for work that continues after the call', async () => {
    const calls = new CurrentCall<string>();
    const scope = calls.open('a');
    let goOn!: () => void;
    const late = scope.run(async () => {
      await new Promise<void>((resolve) => (goOn = resolve));
      return calls.current;
    });
    scope.end();
    goOn();
    expect(await late).toBeUndefined();
  });

  it('does not cover callbacks of the application', () => {
    const calls = new CurrentCall<string>();
    calls.open('a').run(() => {
      expect(calls.leave(() => calls.current)).toBeUndefined();
      expect(calls.current).toBe('a');
    });
  });

  it('can be captured for work that starts elsewhere', () => {
    const calls = new CurrentCall<string>();
    const outside = calls.capture();
    const [captured, read] = calls.open('a').run(() => [calls.capture(), outside.run(() => calls.current)]);
    expect(read).toBeUndefined();
    expect(captured.run(() => calls.current)).toBe('a');
  });

  it('is that of the innermost of nested calls', () => {
    const calls = new CurrentCall<string>();
    calls.open('a').run(() => calls.open('b').run(() => expect(calls.current).toBe('b')));
  });

  it('passes on the result and the error of the work', () => {
    const scope = new CurrentCall<number>().open(1);
    expect(scope.run(() => 7)).toBe(7);
    expect(() =>
      scope.run(() => {
        throw new RangeError('no');
      }),
    ).toThrow(RangeError);
  });

  it('is disabled soon after the last call has ended', async () => {
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    // Those of the tests before are put to rest.
    await turn();
    const disable = jest.spyOn(AsyncLocalStorage.prototype, 'disable');
    const run = jest.spyOn(AsyncLocalStorage.prototype, 'run');
    try {
      const calls = new CurrentCall<string>();
      expect(calls.leave(() => 1)).toBe(1);
      expect(calls.capture().run(() => 2)).toBe(2);
      expect(run).not.toHaveBeenCalled();
      const [first, second] = [calls.open('a'), calls.open('b')];
      await first.run(async () => Promise.resolve());
      first.end();
      first.end();
      expect(disable).not.toHaveBeenCalled();
      expect(second.run(() => calls.current)).toBe('b');
      second.end();
      await turn();
      expect(disable).toHaveBeenCalledTimes(1);
      expect(calls.open('c').run(() => calls.current)).toBe('c');
    } finally {
      disable.mockRestore();
      run.mockRestore();
    }
  });
});
