import { describe, expect, it } from '@jest/globals';
import { requestQueries } from '../../../lib/dashboard/queries/request-queries.js';
import { contextOf, parameters, refusalOf } from './support.js';

const RECORDS = [
  { id: '1', name: 'GET /deals', method: 'GET', route: '/deals' },
  { id: '2', name: 'POST /graphql query Deals', method: 'POST', route: '/graphql' },
  { id: '3', name: 'POST /graphql query Orders', method: 'POST', route: '/graphql' },
  { id: '4', name: 'nightly-report', method: undefined, route: undefined },
];

function queries() {
  const records = {
    find: ({ name, limit = 50 }: { name?: string; limit?: number }) =>
      RECORDS.filter((record) => name === undefined || record.name === name).slice(0, limit),
    get: (id: string) => RECORDS.find((record) => record.id === id),
    causes: () => [],
  };
  return requestQueries(contextOf({ records }));
}

function idsOf(text: string): string[] {
  const { records } = queries().records(parameters(text)) as { records: readonly { id: string }[] };
  return records.map(({ id }) => id);
}

describe('the queries about records', () => {
  it.each([
    ['of all operations', '', ['1', '2', '3', '4']],
    ['of an operation by its name', 'name=nightly-report', ['4']],
    ['of a route', 'method=GET&route=/deals', ['1']],
    ['of a route whose records have longer names', 'method=POST&route=/graphql', ['2', '3']],
    ['as many as are asked for', 'method=POST&route=/graphql&limit=1', ['2']],
    ['of no route that there is', 'method=GET&route=/graphql', []],
    ['of no operation that there is', 'name=__proto__', []],
  ])('find those %s', (_, text, ids) => {
    expect(idsOf(text)).toEqual(ids);
  });

  it.each(['list=fastest', 'limit=1.5', 'limit=-1'])('are refused: %s', async (text) => {
    const [status] = await refusalOf(() => queries().records(parameters(text)));
    expect(status).toBe(400);
  });

  it('have one record by its id, or say that it is not kept', async () => {
    const { record } = queries();
    expect(record(parameters('id=4'))).toBe(RECORDS[3]);
    for (const text of ['id=5', '']) {
      expect(await refusalOf(() => record(parameters(text)))).toEqual([404, 'The record is no longer kept.']);
    }
  });
});
