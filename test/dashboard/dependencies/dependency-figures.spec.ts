import { describe, expect, it } from '@jest/globals';
import {
  DependencyFigureReader,
  type DependencyFigures,
} from '../../../lib/dashboard/dependencies/dependency-figures.js';
import { DEPENDENCY_KINDS } from '../../../lib/dashboard/dependencies/dependency-kinds.js';
import { MINUTE, past, SECOND } from '../../history/support.js';

const REMOTE = DEPENDENCY_KINDS.find(({ kind }) => kind === 'remote')!;

function remotes() {
  const { registry, history, run } = past({ intervalMs: 15 * SECOND, retentionMs: 60 * MINUTE });
  const [[requests], [, [errors]]] = [REMOTE.calls, REMOTE.failures] as unknown as [
    [string],
    [unknown, [string]],
  ];
  const sent = registry.counter(requests, 'Requests.', { labelNames: ['host', 'status_code'] });
  const failed = registry.counter(errors, 'Errors.', { labelNames: ['host'] });
  for (const metric of [requests, errors, REMOTE.duration]) history.retain({ metric });
  const read = (rangeMs = 15 * MINUTE): DependencyFigures[] => {
    const steps = new DependencyFigureReader(history, REMOTE, { rangeMs }).read();
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
    }
  };
  return { sent, failed, run, read };
}

describe('the figures of remote hosts', () => {
  it('are rates over the time that is covered: of all calls, and of those that fail', () => {
    const { sent, failed, run, read } = remotes();
    for (const host of ['rates', 'mails'])
      for (const status of ['200', '503']) sent.inc({ host, status_code: status }, 0);
    failed.inc({ host: 'rates' }, 0);
    run(20, () => {
      sent.inc({ host: 'rates', status_code: '200' }, 9);
      sent.inc({ host: 'rates', status_code: '503' }, 3);
      sent.inc({ host: 'mails', status_code: '404' }, 3);
      failed.inc({ host: 'rates' }, 3);
    });
    const [rates, mails] = ['rates', 'mails'].map((host) => read().find(({ name }) => name === host));
    expect(rates?.windowMs).toBe(5 * MINUTE);
    expect(rates?.perSecond).toBeCloseTo(0.8, 2);
    expect(rates?.failedPerSecond).toBeCloseTo(0.4, 2);
    expect(rates?.errorPercent).toBeCloseTo(50, 0);
    expect(rates?.trend.at(-1)).toBeCloseTo(0.8, 2);
    // A point each 22.5 s of the 5 minutes that are covered, and of a shorter range one for each sample.
    expect(rates?.trend).toHaveLength(14);
    expect(read(2 * MINUTE).map(({ trend }) => trend.length)).toEqual([8, 8]);
    // A refusal of what was asked is no failure of the remote.
    expect(mails?.errorPercent).toBe(0);
    expect(mails).not.toHaveProperty('p95');
  });

  it('are at most 100 % where a call that has no answer is counted as a failure only', () => {
    const { failed, run, read } = remotes();
    failed.inc({ host: 'gone' }, 0);
    run(1);
    run(8, () => failed.inc({ host: 'gone' }, 3));
    expect(read()).toMatchObject([{ name: 'gone', errorPercent: 100 }]);
    expect(read()[0]?.perSecond).toBe(read()[0]?.failedPerSecond);
  });

  it('are none before the first sample', () => {
    expect(remotes().read()).toEqual([]);
  });
});
