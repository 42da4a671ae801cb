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
  function started(): unknown[] {
    const seen: unknown[] = [];
    const signals = new EndSignals(
      new Guard(() => undefined),
      (signal, ends) => seen.push(['noted', signal, ends]),
      (signal) => seen.push(['end', signal]),
    );
    signals.start();
    process.emit('SIGTERM');
    signals.stop();
    return seen;
  }

  it('ends it, once that is noted, if nothing else listens', () => {
    expect(started()).toEqual([
      ['noted', 'SIGTERM', true],
      ['end', 'SIGTERM'],
    ]);
  });

  it('is left to the application if it listens', () => {
    process.on('SIGTERM', () => undefined);
    expect(started()).toEqual([['noted', 'SIGTERM', false]]);
  });
});
