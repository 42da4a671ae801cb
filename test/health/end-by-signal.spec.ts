import { describe, expect, it } from '@jest/globals';
import { endBySignal, type EndingProcess } from '../../lib/health/end-by-signal.js';

function processWith(pid: number): EndingProcess & { readonly calls: unknown[] } {
  const calls: unknown[] = [];
  return {
    pid,
    calls,
    kill: (of, signal) => void calls.push(['kill', of, signal]),
    exit: (code) => void calls.push(['exit', code]),
  };
}

describe('the end of a process by a signal', () => {
  it('is that signal', () => {
    const own = processWith(4711);
    endBySignal('SIGTERM', own);
    expect(own.calls).toEqual([['kill', 4711, 'SIGTERM']]);
  });

  it('is an exit for the first process of a container, which ignores a signal without a listener', () => {
    const own = processWith(1);
    endBySignal('SIGTERM', own);
    endBySignal('SIGINT', own);
    expect(own.calls).toEqual([
      ['kill', 1, 'SIGTERM'],
      ['exit', 143],
      ['kill', 1, 'SIGINT'],
      ['exit', 130],
    ]);
  });
});
