import { describe, expect, it } from '@jest/globals';
import { Guard } from '../../lib/primitives/guard.js';
import { patchSharedMethod } from '../../lib/primitives/shared-method-patch.js';

function handlerClass() {
  return class Handler {
    constructor(readonly application: string) {}
    handle(error: string): string {
      return `${this.application} ${error}`;
    }
  };
}

const silent = new Guard(() => undefined);

describe('a method that applications patch together', () => {
  it('is observed by each application and restored after the last one, in any order', () => {
    const Handler = handlerClass();
    const original = Reflect.get(Handler.prototype, 'handle');
    const seen: string[] = [];
    const patch = (application: string): (() => void) =>
      patchSharedMethod(Handler.prototype, 'handle', silent, ([error], receiver) => {
        if ((receiver as { application: string }).application === application)
          seen.push(`${application} ${String(error)}`);
        return undefined;
      });
    const endFirst = patch('first');
    const endSecond = patch('second');
    expect(new Handler('first').handle('a')).toBe('first a');
    endFirst();
    expect(new Handler('first').handle('b')).toBe('first b');
    expect(new Handler('second').handle('c')).toBe('second c');
    endSecond();
    endSecond();
    expect(seen).toEqual(['first a', 'second c']);
    expect(Reflect.get(Handler.prototype, 'handle')).toBe(original);
  });

  it('is wrapped once while applications come and go', () => {
    const Handler = handlerClass();
    let depth = 0;
    const observe = (): (() => void) =>
      patchSharedMethod(Handler.prototype, 'handle', silent, () => void depth++);
    let end = observe();
    for (let i = 0; i < 100; i++) {
      const endNext = observe();
      end();
      end = endNext;
    }
    new Handler('any').handle('x');
    expect(depth).toBe(1);
    end();
    new Handler('any').handle('x');
    expect(depth).toBe(1);
  });

  it('keeps other observers if one throws, and reports to its guard', () => {
    const Handler = handlerClass();
    const reported: unknown[] = [];
    const seen: unknown[] = [];
    patchSharedMethod(Handler.prototype, 'handle', new Guard((error) => reported.push(error)), () => {
      throw new Error('ours');
    });
    patchSharedMethod(Handler.prototype, 'handle', silent, ([error]) => void seen.push(error));
    expect(new Handler('any').handle('x')).toBe('any x');
    expect(reported).toEqual([new Error('ours')]);
    expect(seen).toEqual(['x']);
  });
});
