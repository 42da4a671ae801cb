import { describe, expect, it } from '@jest/globals';
import type { FoundPanel } from '../../../lib/dashboard/panels/dashboard-panel.explorer.js';
import { PanelRun, refreshAll } from '../../../lib/dashboard/panels/panel-run.js';
import { Guard } from '../../../lib/primitives/guard.js';

function runOf(call: FoundPanel['call'], timeoutMs = 2_000) {
  const errors: unknown[] = [];
  const time = { now: 1_000_000 };
  const panel = { id: 'Shop.stock', title: 'Stock', place: { page: 'Shop' }, order: 0, timeoutMs };
  const run = new PanelRun({ ...panel, ...(call && { call }) }, new Guard((error) => errors.push(error)), {
    now: () => time.now,
    monotonic: () => time.now,
  });
  return { run, errors, time };
}

describe('the calls of a panel', () => {
  it('are one for all readers of a sample', async () => {
    let calls = 0;
    const { run, time } = runOf(() => ({ figures: [{ title: 'Calls', value: ++calls }] }));
    await Promise.all([run.refresh(1), run.refresh(1), run.refresh(1)]);
    expect(calls).toBe(1);
    time.now += 5_000;
    await run.refresh(1);
    expect(calls).toBe(1);
    await run.refresh(2);
    expect(calls).toBe(2);
    expect(run.outcome.content?.figures).toEqual([{ title: 'Calls', value: 2 }]);
  });

  it('go on without samples, and after an action', async () => {
    let calls = 0;
    const { run, time } = runOf(() => void calls++);
    await run.refresh(undefined);
    time.now += 15_000;
    await run.refresh(undefined);
    expect(calls).toBe(2);
    run.expire();
    await run.refresh(undefined);
    expect(calls).toBe(3);
  });

  it.each<[string, NonNullable<FoundPanel['call']>, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('no stock at postgres://u:hunter2@db');
      },
      /^no stock at postgres:\/\/\*\*\*@db$/,
    ],
    ['rejects', () => Promise.reject(new Error('not today')), /^not today$/],
    [
      'throws nothing of use',
      () => {
        throw Object.create(null);
      },
      /cannot be converted/,
    ],
    ['returns nonsense', () => 17, /must be an object/],
    [
      'returns a trap',
      () => ({
        get text() {
          throw new Error('trapped');
        },
      }),
      /^trapped$/,
    ],
  ])('fail by themselves when the method %s', async (_, call, problem) => {
    const { run, errors, time } = runOf(call);
    await run.refresh(1);
    expect(run.outcome.problem).toMatch(problem);
    expect(run.outcome.content).toBeUndefined();
    expect(errors).toHaveLength(1);
    // It is called again at the next sample.
    time.now += 1_000;
    await run.refresh(2);
    expect(errors).toHaveLength(2);
  });

  it('are not repeated while one hangs, and delay no other panel', async () => {
    let calls = 0;
    let end: (content: object) => void = () => undefined;
    const signals: AbortSignal[] = [];
    const hanging = runOf((signal) => {
      calls++;
      signals.push(signal);
      return new Promise((resolve) => (end = resolve));
    }, 5);
    const quick = runOf(() => ({ text: 'here' }));
    await refreshAll([hanging.run, quick.run], 1, 1);
    expect(quick.run.outcome.content?.text).toEqual(['here']);
    await hanging.run.refresh(1);
    expect(hanging.run.outcome.problem).toMatch(/^No answer within 5 ms\./);
    expect(signals[0]?.aborted).toBe(true);
    hanging.time.now += 60_000;
    await hanging.run.refresh(2);
    expect(calls).toBe(1);
    end({});
    await new Promise((resolve) => setImmediate(resolve));
    const refreshed = hanging.run.refresh(3);
    end({});
    await refreshed;
    expect(calls).toBe(2);
  });

  it('are none for a provider that cannot be called', async () => {
    const refused = new PanelRun(
      { id: 'a', title: 'a', place: { area: 'now' }, order: 0, timeoutMs: 1, refusal: 'Not shown: …' },
      new Guard(() => undefined),
      { now: () => 0, monotonic: () => 0 },
    );
    await refused.refresh(1);
    expect(refused.outcome).toEqual({ version: 1, problem: 'Not shown: …' });
  });
});
