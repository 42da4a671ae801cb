import { expect, it } from '@jest/globals';
import { inTimeSlices } from '../../lib/primitives/time-slices.js';

it.each([
  ['short steps', 1_000, 0.1, 45],
  ['steps as long as a slice', 10, 2, 9],
  ['steps that are longer than a slice', 10, 50, 9],
  ['a single step', 1, 1, 0],
  ['no step at all', 0, 0, 0],
])('gives way to the event loop every 2 ms, in %s', async (_, steps, stepMs, turns) => {
  let now = 0;
  let waited = 0;
  const original = globalThis.setImmediate;
  const work = inTimeSlices(
    (function* () {
      for (let i = 0; i < steps; i++) {
        now += stepMs;
        yield;
      }
      return 'done';
    })(),
    () => now,
  );
  let over = false;
  void work.then(() => (over = true));
  await new Promise<void>((resolve) => {
    const turn = (): void => {
      if (over) return resolve();
      waited++;
      original(turn);
    };
    original(turn);
  });
  expect(await work).toBe('done');
  expect(waited).toBeGreaterThanOrEqual(turns);
  expect(waited).toBeLessThanOrEqual(turns + 6);
});

it('passes on what the work throws', async () => {
  const work = (function* (): Generator<void, void, void> {
    yield;
    throw new Error('as planned');
  })();
  await expect(inTimeSlices(work)).rejects.toThrow('as planned');
});
