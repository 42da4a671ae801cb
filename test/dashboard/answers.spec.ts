import { describe, expect, it } from 'vitest';
import { Answers, TooManyQuestionsError } from '../../lib/dashboard/answers.js';

function world() {
  const state = { lastSample: 1, now: 0, computed: 0 };
  const answers = new Answers(state, () => state.now);
  const ask = (key: string, value: unknown = key, maxAgeMs?: number) =>
    answers.ask(
      key,
      function* () {
        state.computed++;
        yield;
        return value;
      },
      maxAgeMs,
    );
  return { state, answers, ask };
}

describe('the answers of the dashboard', () => {
  it('are computed once between two samples, however many ask', async () => {
    const { state, ask } = world();
    const all = await Promise.all(Array.from({ length: 1_000 }, () => ask('a')));
    expect(new Set(all)).toEqual(new Set(['"a"']));
    expect(state.computed).toBe(1);
    state.lastSample = 2;
    await ask('a');
    expect(state.computed).toBe(2);
  });

  it('grow old where they are read from the metrics as they are now', async () => {
    const { state, ask } = world();
    await ask('a', 1, 1_000);
    state.now = 999;
    expect(await ask('a', 2, 1_000)).toBe('1');
    state.now = 1_000;
    expect(await ask('a', 2, 1_000)).toBe('2');
  });

  it('are refused when too many wait, and given again when they have been answered', async () => {
    const { ask } = world();
    const waiting = Array.from({ length: 16 }, (_, i) => ask(`${i}`));
    expect(() => ask('one more')).toThrow(TooManyQuestionsError);
    // Whoever asks what is asked already does not wait in a place of his own.
    expect(await ask('3')).toBe('"3"');
    await Promise.all(waiting);
    expect(await ask('one more')).toBe('"one more"');
  });

  it.each([
    ['many', 500, 10],
    ['large', 40, 300_000],
    ['larger than everything', 3, 5_000_000],
    ['empty', 100, 0],
    ['of very different sizes', 30, -1],
  ])('are bounded in number and size: %s', async (_, count, length) => {
    const { answers, ask } = world();
    for (let i = 0; i < count; i++) await ask(`${i}`, 'x'.repeat(length < 0 ? (i % 3) * 700_000 : length));
    const { known, characters } = answers as unknown as { known: Map<string, object>; characters: number };
    expect(known.size).toBeLessThanOrEqual(64);
    expect(characters).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(characters).toBe(
      [...known.values()].reduce((sum, entry) => sum + (entry as { characters: number }).characters, 0),
    );
  });

  it('are not kept if they fail, and hold up nobody', async () => {
    const { answers, ask } = world();
    const failing = () =>
      answers.ask('bad', function* () {
        yield;
        throw new Error('as planned');
      });
    await expect(failing()).rejects.toThrow('as planned');
    await expect(failing()).rejects.toThrow('as planned');
    await expect(answers.ask('worse', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    for (let i = 0; i < 20; i++) expect(await ask('good', null, 0)).toBe('null');
  });
});
