import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EndSignals } from '../../../lib/diagnostics/flight-recorder/end-signals.js';
import { Guard } from '../../../lib/primitives/guard.js';

const others = process.listeners('SIGTERM');
beforeEach(() => void process.removeAllListeners('SIGTERM'));
afterEach(() => {
  process.removeAllListeners('SIGTERM');
  for (const listener of others) process.on('SIGTERM', listener);
});

describe('a signal that asks the process to end', () => {
  function started(pid = 4_711): unknown[] {
    const seen: unknown[] = [];
    const signals = new EndSignals(
      new Guard(() => undefined),
      (signal, ends) => seen.push(['noted', signal, ends]),
      {
        pid,
        kill: (id, signal) => {
          seen.push(['end', id, signal]);
          return true;
        },
      },
    );
    signals.start();
    process.emit('SIGTERM');
    signals.stop();
    return seen;
  }

  it('ends it, once that is noted, if nothing else listens', () => {
    expect(started()).toEqual([
      ['noted', 'SIGTERM', true],
      ['end', 4_711, 'SIGTERM'],
    ]);
  });

  it('ends no first process of a container, as if nobody looked', () => {
    expect(started(1)).toEqual([['noted', 'SIGTERM', false]]);
  });

  it('is left to the application if it listens', () => {
    process.on('SIGTERM', () => undefined);
    expect(started()).toEqual([['noted', 'SIGTERM', false]]);
  });
});
