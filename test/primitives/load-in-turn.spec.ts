import { describe, expect, it } from '@jest/globals';
import { loadInTurn } from '../../lib/primitives/load-in-turn.js';

describe('code that is loaded late', () => {
  it('is loaded one part after the other, in the order of the calls, also after one that fails', async () => {
    const steps: string[] = [];
    const part = (name: string, error?: Error) => async () => {
      steps.push(`${name} begins`);
      await new Promise(setImmediate);
      steps.push(`${name} ends`);
      if (error !== undefined) throw error;
      return name;
    };
    const loads = await Promise.allSettled([
      loadInTurn(part('a')),
      loadInTurn(part('b', new Error('There is no b.'))),
      loadInTurn(part('c')),
    ]);
    expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    expect(loads).toEqual([
      { status: 'fulfilled', value: 'a' },
      { status: 'rejected', reason: new Error('There is no b.') },
      { status: 'fulfilled', value: 'c' },
    ]);
  });

  it('is what was loaded, as `import()` has it', async () => {
    const { loadInTurn: loaded } = await loadInTurn(() => import('../../lib/primitives/load-in-turn.js'));
    expect(loaded).toBe(loadInTurn);
  });
});
