import { describe, expect, it } from '@jest/globals';
import { known, tagsOf } from '../../../lib/dashboard/queries/query-context.js';
import { MINUTE, past } from '../../history/support.js';
import { contextOf, parameters, refusalOf } from './support.js';

describe('the answers over a range', () => {
  it('are computed once for all that ask between two samples', async () => {
    const { registry, history, run } = past();
    let computed = 0;
    const { answer, rangeOf } = contextOf({ registry, history });
    const ask = (range: number): unknown => {
      const query = parameters(`range=${range}`);
      return answer(query, ['x'], rangeOf(query), function* () {
        yield;
        return { computed: ++computed };
      });
    };
    expect(await Promise.all([ask(5 * MINUTE), ask(5 * MINUTE + 1)])).toEqual(
      Array.from({ length: 2 }, () => '{"computed":1}'),
    );
    expect(await ask(6 * MINUTE)).toBe('{"computed":2}');
    run(1);
    expect(await ask(5 * MINUTE)).toBe('{"computed":3}');
  });

  it.each(['range=0', 'range=x', 'range=Infinity', 'until=yesterday', 'until=-1'])(
    'are refused for %s',
    async (text) => {
      const [status] = await refusalOf(() => contextOf().rangeOf(parameters(text)));
      expect(status).toBe(400);
    },
  );
});

describe('the labels of a request', () => {
  it('have values with colons, or none', () => {
    const tags = tagsOf(parameters('tag=route:/a:b&tag=shop:&tag=__proto__:x&tag=route:/c'));
    expect([...tags]).toEqual([
      ['route', '/c'],
      ['shop', ''],
      ['__proto__', 'x'],
    ]);
  });

  it.each(['tag=route', 'tag=:x', 'tag='])('are refused without a name: %s', async (text) => {
    expect(await refusalOf(() => tagsOf(parameters(text)))).toEqual([
      400,
      'Each `tag` must have the form name:value.',
    ]);
  });
});

describe('what is looked for', () => {
  it.each([null, false, 0, ''])('is found, though it is %j', (found) => {
    expect(known(found, 'gone')).toBe(found);
  });

  it('is refused with a reason if there is none', async () => {
    expect(await refusalOf(() => known(undefined, 'It is gone.'))).toEqual([404, 'It is gone.']);
  });
});
