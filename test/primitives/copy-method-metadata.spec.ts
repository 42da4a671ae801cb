import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { copyMethodMetadata } from '../../lib/primitives/copy-method-metadata.js';

describe('copyMethodMetadata()', () => {
  const original = Object.assign(function save(_id: number, _note: string) {}, { queue: 'mail' });
  Reflect.defineMetadata('path', '/save', original);
  const replacement = copyMethodMetadata(original, () => undefined);

  it('makes the replacement look like the method', () => {
    expect([replacement.name, replacement.length]).toEqual(['save', 2]);
    expect(replacement).toHaveProperty('queue', 'mail');
    expect(Reflect.getMetadata('path', replacement)).toBe('/save');
  });

  it('shows what later decorators write to the method, and keeps what they write to the replacement', () => {
    Reflect.defineMetadata('roles', ['admin'], original);
    Reflect.defineMetadata('path', '/other', replacement);
    expect(Reflect.getMetadata('roles', replacement)).toEqual(['admin']);
    expect(Reflect.getMetadata('path', original)).toBe('/save');
  });
});
