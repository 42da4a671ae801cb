import { describe, expect, it } from '@jest/globals';
import { ReadingBudget } from '../../../lib/instrumentation/errors/reading-budget.js';

/** Number of results that are read of one kind in a second. */
const READ = 20;

/** Returns the results for a number of errors of one kind in one second, each of which would read its own number. */
function resultsFor(budget: ReadingBudget<number>, count: number, now = 0): (number | undefined)[] {
  return Array.from({ length: count }, (_, i) => budget.of('TypeError', now, () => i));
}

describe('the budget of stack traces', () => {
  it('gives errors beyond the limit the last results of their kind in turn', () => {
    const beyond = resultsFor(new ReadingBudget<number>(), READ + 16).slice(READ);
    expect(beyond.toSorted((a = NaN, b = NaN) => a - b)).toEqual(
      [12, 13, 14, 15, 16, 17, 18, 19].flatMap((last) => [last, last]),
    );
  });

  it('gives them what there is of a kind with few results', () => {
    const budget = new ReadingBudget<string>();
    budget.of('TypeError', 0, () => 'A');
    // Other kinds use up what is left of this second.
    for (let i = 0; i < 500; i++) budget.of(`other ${i % 100}`, 0, () => 'other');
    const beyond = Array.from({ length: 4 }, () => budget.of('TypeError', 0, () => 'B'));
    expect(beyond).toEqual(['A', 'A', 'A', 'A']);
  });

  it('gives nothing for a kind without results, and reads again in the next second', () => {
    const budget = new ReadingBudget<string>();
    for (let i = 0; i < 500; i++) budget.of(`other ${i % 100}`, 0, () => 'other');
    expect(budget.of('TypeError', 999, () => 'A')).toBeUndefined();
    expect(budget.of('TypeError', 1_000, () => 'A')).toBe('A');
  });
});
