import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { GarbageCollections } from '../../lib/primitives/garbage-collections.js';
import { eventually } from '../support/eventually.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

describe('garbage collections', () => {
  it('are delivered to all that listen', async () => {
    const collections = new GarbageCollections();
    const [first, second]: [boolean[], boolean[]] = [[], []];
    const endFirst = collections.listen(({ isMajor }) => first.push(isMajor));
    const endSecond = collections.listen(({ isMajor }) => second.push(isMajor));
    collect();
    await eventually(() => {
      collections.flush();
      expect(first).toContain(true);
    });
    expect(second).toContain(true);
    endFirst();
    const { length } = first;
    collect();
    await eventually(() => {
      collections.flush();
      expect(second.filter(Boolean).length).toBeGreaterThan(1);
    });
    expect(first).toHaveLength(length);
    endSecond();
    endSecond();
    collections.flush();
  });
});
