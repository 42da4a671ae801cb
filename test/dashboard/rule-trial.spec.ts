import { describe, expect, it } from '@jest/globals';
import { ruleOf, tryRule } from '../../lib/dashboard/rule-trial.js';
import { MINUTE, SECOND, testAlerting } from '../alerting/support.js';

function ruleFor(text: string, tags: Readonly<Record<string, string>> = {}) {
  return ruleOf(new URLSearchParams(text), new Map(Object.entries(tags)), () => 'gauge');
}

async function levels(...values: readonly number[]) {
  const { registry, history, step, alerting } = testAlerting();
  const level = registry.gauge('tank_level', 'Level.', { labelNames: ['tank'] });
  history.retain({ metric: 'tank_level', windowMs: 30 * MINUTE });
  alerting.start();
  for (const value of values) {
    for (let i = 0; i < MINUTE / (15 * SECOND); i++) await step(() => level.set({ tank: 'a' }, value));
  }
  return alerting;
}

describe('a rule that is tried from a chart', () => {
  it('says how often and when it would have fired, and is code to copy', async () => {
    const alerting = await levels(1, 9, 9, 1, 1, 9);
    const rule = ruleFor('name=tank_level&operator=>&threshold=5', { tank: 'a' });
    const trial = await tryRule(rule, (each) => alerting.backTest(each));
    expect(trial.count).toBe(2);
    const [last, first] = trial.firings;
    expect(last).toMatchObject({ labels: { tank: 'a' } });
    expect(last).not.toHaveProperty('to');
    expect(first!.to! - first!.from).toBe(2 * MINUTE);
    // The code is the rule itself.
    const parsed = new Function(`return (${trial.code})`)() as unknown;
    expect(parsed).toEqual(rule);
  });

  it('fires later, or not at all, with a time for which it must hold', async () => {
    const alerting = await levels(1, 9, 9, 1, 1, 9);
    const count = async (forMs: number) => {
      const rule = ruleFor(`name=tank_level&threshold=5&forMs=${forMs}`);
      return (await tryRule(rule, (each) => alerting.backTest(each))).count;
    };
    expect([await count(MINUTE), await count(10 * MINUTE)]).toEqual([1, 0]);
  });

  it.each([
    ['name=tank_level&threshold=x', '`threshold` must be a number'],
    ['name=tank_level&threshold=1&operator=%3D%3D', '`operator` must be one of'],
    ['name=tank_level&threshold=1&aggregate=constructor', '`aggregate` must be one of'],
    ['name=tank_level&threshold=1&forMs=1e99', '`forMs` must be a number of milliseconds'],
    ['name=tank_level&threshold=', '`threshold` must be a number'],
  ])('is refused: %s', (query, message) => {
    expect(() => ruleFor(query)).toThrow(message);
  });

  it('is refused with the reason if nothing of its metric is known', async () => {
    const alerting = await levels(1);
    const trial = tryRule(ruleFor('name=unknown&threshold=1'), (each) => alerting.backTest(each));
    await expect(trial).rejects.toMatchObject({ status: 400 });
  });

  it('keeps hostile names and label values inside of the code', async () => {
    const alerting = await levels(1);
    const rule = ruleFor('name=tank_level&threshold=1', { tank: `'});process.exit();({'\\ \n` });
    const { code } = await tryRule(rule, (each) => alerting.backTest(each));
    expect(new Function(`return (${code})`)()).toEqual(rule);
  });
});
