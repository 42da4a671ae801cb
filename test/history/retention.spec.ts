import { describe, expect, it } from '@jest/globals';
import { RetentionRequests } from '../../lib/history/retention.js';

const HOUR = 3_600_000;

describe('the retention of a metric', () => {
  it('is the union of all requests for it', () => {
    const requests = new RetentionRequests(HOUR);
    requests.add({ metric: 'a', windowMs: 2 * HOUR });
    requests.add({ metric: 'a', percentiles: true });
    expect(requests.byMetric().get('a')).toEqual({
      required: { windowMs: 2 * HOUR, percentiles: true },
      all: { windowMs: 2 * HOUR, percentiles: true },
    });
  });

  it('is at least as long as a sample counts as the current value', () => {
    const requests = new RetentionRequests(HOUR);
    requests.add({ metric: 'a', windowMs: 1 });
    expect(requests.byMetric().get('a')?.all.windowMs).toBe(300_000);
  });

  it('may be evicted as far as only charts ask for it, and gets memory last', () => {
    const requests = new RetentionRequests(HOUR);
    requests.add({ metric: 'chart', bestEffort: true });
    requests.add({ metric: 'both', windowMs: 4 * HOUR, bestEffort: true });
    requests.add({ metric: 'both' });
    expect([...requests.byMetric()]).toEqual([
      [
        'both',
        { required: { windowMs: HOUR, percentiles: false }, all: { windowMs: 4 * HOUR, percentiles: false } },
      ],
      ['chart', { required: undefined, all: { windowMs: HOUR, percentiles: false } }],
    ]);
  });

  it('ends when each request is withdrawn, also one of two equal ones, and one whose object was changed', () => {
    const requests = new RetentionRequests(HOUR);
    const request = { metric: 'a', percentiles: true };
    const [first, second] = [requests.add(request), requests.add(request)];
    request.metric = 'b';
    first();
    first();
    expect([...requests.metricsWithPercentiles]).toEqual(['a']);
    second();
    expect([requests.isEmpty, requests.byMetric().size]).toEqual([true, 0]);
  });
});
