import { afterEach, describe, expect, it } from '@jest/globals';
import { Guard } from '../../lib/primitives/guard.js';
import { applicationListensTo, listenToProcess } from '../../lib/primitives/process-listener.js';

const EVENT = 'event of a test';

function emit(...args: readonly unknown[]): void {
  process.emit(EVENT as 'warning', ...(args as [Error]));
}

describe('listeners for an event of the process', () => {
  const stops: (() => void)[] = [];
  const errors: unknown[] = [];
  const guard = new Guard((error) => errors.push(error));
  const listen = (listener: (...args: readonly unknown[]) => void): (() => void) => {
    const stop = listenToProcess(EVENT, guard, listener);
    stops.push(stop);
    return stop;
  };

  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
    process.removeAllListeners(EVENT);
    errors.length = 0;
  });

  it('are one listener of the process, so that many applications stay below the limit of Node', () => {
    const received: unknown[] = [];
    for (let i = 0; i < 30; i++) listen((value) => received.push([i, value]));
    expect(process.listenerCount(EVENT)).toBe(1);
    emit('a');
    expect(received).toEqual(Array.from({ length: 30 }, (_, i) => [i, 'a']));
  });

  it('leave nothing in the process once all are removed, and can be added again', () => {
    let count = 0;
    const [first, second] = [listen(() => count++), listen(() => count++)];
    first();
    first();
    emit();
    expect([count, process.listenerCount(EVENT)]).toEqual([1, 1]);
    second();
    expect(process.listenerCount(EVENT)).toBe(0);
    listen(() => count++);
    emit();
    expect(count).toBe(2);
  });

  it('fail without an effect on the process or on each other', () => {
    let count = 0;
    listen(() => {
      throw new Error('odd');
    });
    listen(() => count++);
    expect(() => emit()).not.toThrow();
    expect([count, errors]).toEqual([1, [new Error('odd')]]);
  });

  it.each(['newListener', 'removeListener'] as const)(
    'do without the process where its %s throws',
    (hook) => {
      const refuse = (event: string | symbol): void => {
        if (event === EVENT) throw new Error('not here');
      };
      process.on(hook as 'newListener', refuse);
      let count = 0;
      try {
        const stop = listen(() => count++);
        expect(process.listenerCount(EVENT)).toBe(hook === 'newListener' ? 0 : 1);
        expect(stop).not.toThrow();
        expect(errors).toEqual([new Error('not here')]);
      } finally {
        process.off(hook, refuse);
      }
      listen(() => (count += 10));
      emit();
      expect(count).toBe(10);
    },
  );

  it('are those that were there when the event came, whatever a listener adds or removes', () => {
    const received: string[] = [];
    listen(() => {
      received.push('first');
      listen(() => received.push('added'));
      second();
    });
    const second = listen(() => received.push('second'));
    emit();
    expect(received).toEqual(['first', 'second']);
  });

  it('come back with the next one after the application has removed all', () => {
    let count = 0;
    listen(() => count++);
    process.removeAllListeners(EVENT);
    listen(() => count++);
    emit();
    expect(count).toBe(2);
  });

  it('are not taken for those of the application', () => {
    listen(() => undefined);
    expect(applicationListensTo(EVENT)).toBe(false);
    process.on(EVENT, () => undefined);
    expect(applicationListensTo(EVENT)).toBe(true);
  });
});
