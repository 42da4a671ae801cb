import { describe, expect, it } from '@jest/globals';
import type { DashboardErrorGroup } from '../../../lib/dashboard/errors/dashboard-error-group.js';
import type { ErrorList } from '../../../lib/dashboard/errors/error-list.js';
import { errorQueries } from '../../../lib/dashboard/queries/error-queries.js';
import { contextOf, parameters, refusalOf } from './support.js';

const GROUP: DashboardErrorGroup = {
  id: 'a1',
  error: 'TypeError',
  message: 'no total',
  site: undefined,
  causes: [],
  firstSeenAt: 1,
  lastSeenAt: 2,
  count: 3,
  unhandled: 0,
  perMinute: Array<number>(60).fill(0),
  operations: [],
};

/** The queries over one group, and what they have asked for. */
function queries() {
  const asked: unknown[] = [];
  const errors = {
    dropped: 4,
    find: (query: unknown) => {
      asked.push(query);
      return [GROUP];
    },
    get: (id: string) => (id === GROUP.id ? GROUP : undefined),
  };
  return { asked, ...errorQueries(contextOf({ errors })) };
}

describe('the queries about errors', () => {
  it('look through all groups of a class and an operation', async () => {
    const { errors, asked } = queries();
    const list = await errors(parameters('error=TypeError&operation=GET%20/a%3Fb&search=total'));
    expect(asked).toEqual([{ limit: Infinity, error: 'TypeError', operation: 'GET /a?b' }]);
    expect(JSON.parse(list as string)).toMatchObject({
      errors: [{ id: 'a1' }],
      dropped: 4,
    } satisfies Partial<Record<keyof ErrorList, unknown>>);
  });

  it('answer for each search by itself', async () => {
    const { errors } = queries();
    const found = async (search: string): Promise<unknown> =>
      (JSON.parse(String(await errors(parameters(`search=${search}`)))) as ErrorList).errors.length;
    expect([await found('total'), await found('nothing'), await found('total')]).toEqual([1, 0, 1]);
  });

  it('have one group by its id', () => {
    expect(queries().error(parameters('id=a1'))).toMatchObject({ id: 'a1', severity: 'ok' });
  });

  it.each(['id=a2', 'id=', '', 'id=__proto__'])('say that a group is not kept: %j', async (text) => {
    expect(await refusalOf(() => queries().error(parameters(text)))).toEqual([
      404,
      'The group of errors is no longer kept.',
    ]);
  });

  it.each([
    'sort=toString',
    'order=sideways',
    'limit=0',
    'limit=201',
    'limit=x',
    `search=${'x'.repeat(201)}`,
  ])('are refused before anything is read: %s', async (text) => {
    const { errors, asked } = queries();
    const [status, message] = await refusalOf(() => errors(parameters(text)));
    expect(status).toBe(400);
    expect(message).toMatch(/^`(sort|order|limit|search)` must /);
    expect(asked).toEqual([]);
  });
});
