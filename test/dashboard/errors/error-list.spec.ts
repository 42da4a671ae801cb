import { describe, expect, it } from '@jest/globals';
import type { DashboardErrorGroup } from '../../../lib/dashboard/errors/dashboard-error-group.js';
import { type ErrorSelection, selectErrors } from '../../../lib/dashboard/errors/error-list.js';

/** A group with so many errors in each of the last minutes, the current one last. */
function group(id: string, lastMinutes: readonly number[], given: Partial<DashboardErrorGroup> = {}) {
  const perMinute = [...Array<number>(60 - lastMinutes.length).fill(0), ...lastMinutes];
  return {
    id,
    error: 'TypeError',
    message: `no total of ${id}`,
    site: `OrdersService.${id} (src/orders.service.ts:4:2)`,
    causes: [],
    firstSeenAt: 1,
    lastSeenAt: 2,
    count: perMinute.reduce((a, b) => a + b, 0),
    unhandled: 0,
    perMinute,
    operations: [{ source: 'http', name: `GET /${id}`, count: 1 }],
    ...given,
  };
}

const QUIET = [5, ...Array<number>(15).fill(0)];
const GROUPS: readonly DashboardErrorGroup[] = [
  group('quiet', QUIET),
  group('ongoing', [1, ...Array<number>(20).fill(3)]),
  group('new', [2, 1]),
  group('once', [1]),
  group('unhandled', [7, ...Array<number>(15).fill(0), 1], { unhandled: 1, error: 'OutOfStock' }),
  group('job', QUIET, { operations: [{ source: 'job', name: 'nightly-report', count: 5 }], lastSeenAt: 9 }),
];

function select(selection: Partial<ErrorSelection> = {}, groups = GROUPS) {
  const all = { search: '', source: undefined, sort: 'severity', reverse: false, limit: 50 } as const;
  return selectErrors(groups, 3, { ...all, ...selection });
}

describe('the list of errors', () => {
  it('begins with what was not handled and what is new and goes on', () => {
    const { errors, count, omitted, dropped, severities, sources } = select();
    expect(errors.map(({ id, severity, recent, isNew }) => [id, severity, recent, isNew])).toEqual([
      ['new', 'critical', 3, true],
      ['unhandled', 'critical', 1, false],
      ['ongoing', 'warning', 45, false],
      ['once', 'warning', 1, true],
      ['job', 'ok', 0, false],
      ['quiet', 'ok', 0, false],
    ]);
    expect({ count, omitted, dropped }).toEqual({ count: 6, omitted: 0, dropped: 3 });
    expect(severities).toEqual({ critical: 2, warning: 2, ok: 2 });
    expect(sources).toEqual({ http: 5, job: 1 });
  });

  it.each<[Partial<ErrorSelection>, string[], number]>([
    [{ search: 'outofstock' }, ['unhandled'], 0],
    [{ search: 'NIGHTLY' }, ['job'], 0],
    [{ search: 'total orders.service.ts once' }, ['once'], 0],
    [{ search: 'src/none' }, [], 0],
    [{ source: 'job' }, ['job'], 0],
    [{ source: '__proto__' }, [], 0],
    [{ sort: 'count', limit: 2 }, ['ongoing', 'unhandled'], 4],
    [{ sort: 'last', limit: 1 }, ['job'], 5],
    [{ sort: 'recent', limit: 1 }, ['ongoing'], 5],
    [{ sort: 'name', reverse: true, limit: 1 }, ['quiet'], 5],
  ])('selects %j', (selection, expected, left) => {
    const { errors, omitted } = select(selection);
    expect(errors.map(({ id }) => id)).toEqual(expected);
    expect(omitted).toBe(left);
  });

  it('finds errors without message and place', () => {
    const bare = group('bare', [1], { message: undefined, site: undefined, operations: [] });
    expect(select({ search: 'typeerror' }, [bare]).errors).toHaveLength(1);
    expect(select({ search: 'undefined' }, [bare]).errors).toEqual([]);
  });
});
