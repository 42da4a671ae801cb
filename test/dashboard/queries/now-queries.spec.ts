import { describe, expect, it } from '@jest/globals';
import type { AlertRule } from 'nestjs-monitoring/alerting';
import { nowQueries } from '../../../lib/dashboard/queries/now-queries.js';
import { contextOf, parameters } from './support.js';

describe('the queries about the present', () => {
  it('try each rule by itself, and a rule once between two samples', async () => {
    const tried: string[] = [];
    const backTest = (rule: AlertRule): unknown => {
      tried.push(JSON.stringify(rule));
      return Promise.resolve({ timelines: [], from: 1, to: 2, evaluations: 1, failures: 0 });
    };
    const { rule } = nowQueries(contextOf({ alerts: { vitals: () => [], backTest } }));
    const thresholdOf = async (text: string): Promise<unknown> =>
      (JSON.parse(String(await rule(parameters(text)))) as { readonly threshold: number }).threshold;
    expect([
      await thresholdOf('name=level&threshold=5'),
      await thresholdOf('name=level&threshold=6'),
      await thresholdOf('name=level&threshold=5&tag=tank:a'),
      await thresholdOf('name=level&threshold=5'),
    ]).toEqual([5, 6, 5, 5]);
    expect([tried.length, new Set(tried).size]).toEqual([3, 3]);
  });

  it.each([true, false])('offer silences only where requests have credentials: %s', (hasAuth) => {
    const alerts = { alerts: () => ['a'], rules: () => ['r'], silences: () => ['s'] };
    expect(nowQueries(contextOf({ alerts, hasAuth })).alerts(parameters(''))).toEqual({
      alerts: ['a'],
      rules: ['r'],
      silences: ['s'],
      canSilence: hasAuth,
    });
  });
});
