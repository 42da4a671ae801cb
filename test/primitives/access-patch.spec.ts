import { describe, expect, it } from '@jest/globals';
import { patchAccess } from '../../lib/primitives/access-patch.js';
import { Guard } from '../../lib/primitives/guard.js';

function patch(object: object, name: string) {
  const reads: unknown[] = [];
  const errors: unknown[] = [];
  const stop = patchAccess(object, name, new Guard((error) => errors.push(error)), (value) =>
    reads.push(value),
  );
  return { reads, errors, stop };
}

describe('a property whose reads are observed', () => {
  it('has the same value: its own, an inherited one, or that of a getter', () => {
    const getter = {
      name: 'x',
      get value() {
        return this.name;
      },
    };
    const heir: { value: number; own?: true } = Object.assign(Object.create({ value: 2 }), { own: true });
    for (const [object, value] of [
      [{ value: 1 }, 1],
      [heir, 2],
      [getter, 'x'],
    ] as const) {
      const before = Object.getOwnPropertyDescriptors(object);
      const { reads, stop } = patch(object, 'value');
      expect([object.value, reads]).toEqual([value, [value]]);
      stop();
      expect(Object.getOwnPropertyDescriptors(object)).toEqual(before);
      expect(reads.length).toBe(1);
    }
  });

  it('may be assigned, unless it is a getter', () => {
    const object = { value: 1 };
    const { reads, stop } = patch(object, 'value');
    object.value = 2;
    stop();
    expect([object.value, reads]).toEqual([2, []]);
    const readOnly: { value?: number } = Object.defineProperty({}, 'value', {
      get: () => 1,
      configurable: true,
    });
    patch(readOnly, 'value');
    expect(() => (readOnly.value = 2)).toThrow(TypeError);
  });

  it.each<[string, object]>([
    ['frozen object', Object.freeze({ value: 1 })],
    ['proxy that refuses', new Proxy({ value: 1 }, { defineProperty: () => false })],
    ['object without it', {}],
  ])('is not that of a %s', (_, object) => {
    const { reads, errors } = patch(object, 'value');
    void Reflect.get(object, 'value');
    expect([reads, errors]).toEqual([[], []]);
  });

  it('is read even if the observer throws', () => {
    const errors: unknown[] = [];
    const object = { value: 1 };
    patchAccess(object, 'value', new Guard((error) => errors.push(error)), () => {
      throw new Error('observer');
    });
    expect([object.value, errors]).toEqual([1, [new Error('observer')]]);
  });
});
